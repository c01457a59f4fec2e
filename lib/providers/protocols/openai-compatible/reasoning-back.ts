import type { ChatEvent } from "#lib/chat/events.ts";
import { ISSUERS } from "#lib/chat/issuers.ts";
import type { ReasoningPart, ToolCall } from "#lib/chat/request.ts";
import { bareModelName, needsReasoningOfCalls } from "#lib/providers/catalogue/model-rules.ts";
import type { OpenAiDialect } from "#lib/providers/vendors/openai-dialect.ts";
import { BoundedMap } from "#lib/shared/bounded-map.ts";
import { field, type JsonObject, stringField } from "#lib/shared/json.ts";

type ReasoningField = "reasoning" | "reasoning_content";

const MAX_ENGINES = 1_000;
/** The field in which each engine last told its reasoning: one server may pass on models of several hosts. */
const told = new BoundedMap<string, ReasoningField>(MAX_ENGINES);

/** An engine by its server and model. */
export type Teller = { issuer: string; model: string };

const keyOf = ({ issuer, model }: Teller): string => `${issuer} ${model}`;

/** The reasoning in a piece of an answer; notes in which field this engine tells it. */
export function reasoningIn(delta: Record<string, unknown>, teller: Teller): string | undefined {
  for (const name of ["reasoning", "reasoning_content"] as const) {
    const text = stringField(delta, name);
    if (text === undefined || text === "") continue;
    const key = keyOf(teller);
    if (told.get(key) !== name) told.set(key, name);
    return text;
  }
  return undefined;
}

/** Stands for reasoning that the client has not sent back, where the model needs some. */
const NOT_SENT_BACK = ".";

type Answered = { reasoning: readonly ReasoningPart[]; hasCalls: boolean };
type Server = Teller & { dialect: OpenAiDialect };

/**
 * The earlier reasoning of a message for this server, as a field; empty if it gets none. Servers of the kind
 * `with_calls` get it beside calls of tools only: there it may be required, and elsewhere it may be refused.
 */
export function reasoningField(
  { reasoning, hasCalls }: Answered,
  { dialect, model, issuer }: Server,
): JsonObject {
  const { reasoningField: kind } = dialect;
  if (kind === undefined) return {};
  const text = reasoning.map((part) => part.text).join("");
  if (kind !== "with_calls") return text === "" ? {} : { [kind]: text };
  if (!hasCalls) return {};
  const stated = text !== "" ? text : needsReasoningOfCalls(model) ? NOT_SENT_BACK : "";
  return stated === "" ? {} : { [told.get(keyOf({ issuer, model })) ?? "reasoning_content"]: stated };
}

/**
 * Adds Google's signature of a call to the first event of its fragment: servers that pass Gemini on send it
 * where Google's own OpenAI endpoint does.
 * @param before the length of `out` before the fragment.
 */
export function addSignature(fragment: unknown, issuer: string, out: ChatEvent[], before: number): void {
  const google = field(field(fragment, "extra_content"), "google");
  const signature = stringField(google, "thought_signature");
  const event = out[before];
  if (signature === undefined || signature === "" || event?.type !== "tool_call") return;
  event.signature = { issuer, value: { thought_signature: signature } };
}

/**
 * Google's signature of a call for this server, where it told it. A client may have kept Google's field alone:
 * then it goes to Google's models only.
 */
export function signatureField({ signature }: ToolCall, { dialect, issuer, model }: Server): JsonObject {
  if (!dialect.callSignatures || signature === undefined) return {};
  const { value } = signature;
  const isGoogles = signature.issuer === ISSUERS.google && bareModelName(model).includes("gemini");
  if (signature.issuer !== issuer && !isGoogles) return {};
  const text = typeof value === "string" ? value : stringField(value, "thought_signature");
  return text === undefined ? {} : { extra_content: { google: { thought_signature: text } } };
}
