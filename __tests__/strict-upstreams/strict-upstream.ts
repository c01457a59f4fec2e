import type { Exchange, Script } from "../support/fake-upstream.ts";
import { type Refused, type Request, type Rule, refusalOf } from "./rule.ts";

/** A scripted API that is as strict as the real one, and plays an agent's model behind it. */
export type StrictUpstream = {
  /** For `startFakeUpstream`, or an engine of `startWireGateway`. */
  script: Script;
  /** What it has refused so far, with the rule's words. */
  refusals: Refused[];
};

/** Answers with the refusal of the first rule that the request breaks; true if there is one. */
export async function refuseOr(
  upstream: StrictUpstream,
  exchange: Exchange,
  rules: readonly Rule[],
  request: Request,
): Promise<boolean> {
  const refusal = refusalOf(rules, request);
  if (refusal === undefined) return false;
  upstream.refusals.push({ ...refusal, request: exchange.request });
  await exchange.json(refusal.status, refusal.body);
  return true;
}
