import type { Access, CallerByAccess } from "#lib/server/http/access.ts";
import { clientSignal } from "#lib/server/http/client-signal.ts";
import type { GatewayCall } from "#lib/server/routes/gateway-route.ts";
import type { BilledContext } from "#lib/services/run/billed-run.ts";

export type CallContext<Kind extends Access> = Required<Omit<BilledContext, "caller">> & {
  caller: CallerByAccess[Kind];
};

/** What a service that is billed gets to know of a call beside its input. */
export function callContext<Kind extends Access>(call: GatewayCall<Kind, unknown>): CallContext<Kind> {
  const { requestId, route, caller, request, waitUntil, onRateLimit } = call;
  return { requestId, route, caller, signal: clientSignal(request), waitUntil, onRateLimit };
}
