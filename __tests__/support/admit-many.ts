// Run as a process of its own: asks for many admissions of a key at once, when told to, and prints how
// many passed.
import { createSupabaseClients } from "#lib/adapters/supabase/clients.ts";
import { createSupabaseKeyAdmission } from "#lib/adapters/supabase/gateway-key-store.ts";
import { createKeyAdmission } from "#lib/services/admission/key-admission.ts";
import type { GatewayKeyLimits } from "#lib/services/identity/caller.ts";
import { GatewayError } from "#lib/shared/errors.ts";

const [url = "", publishableKey = "", serviceRoleKey = "", keyId = "", count = "0", limits = "{}", usd] =
  process.argv.slice(2);
const clients = createSupabaseClients({ url, publishableKey, serviceRoleKey });
const clock = {
  now: () => performance.now(),
  wallNow: () => Date.now(),
  after: (milliseconds: number, action: () => void) => {
    const timer = setTimeout(action, milliseconds);
    return { cancel: () => clearTimeout(timer) };
  },
};
// A slow machine must not be taken for a database that is away.
const admission = createKeyAdmission(
  createSupabaseKeyAdmission({ clients, timeoutMs: 15_000 }),
  clock,
  { warn: () => undefined },
  { run: (_, call) => call() },
);
const caller = { kind: "key", userId: "", keyId, limits: JSON.parse(limits) as GatewayKeyLimits } as const;

const maxCostUsd = usd === undefined ? undefined : () => Promise.resolve(Number(usd));

process.stdout.write("ready\n");
await new Promise((resolve) => process.stdin.once("data", resolve));
const outcomes = await Promise.all(
  Array.from({ length: Number(count) }, () =>
    admission.admit(caller, { requestId: crypto.randomUUID(), maxCostUsd }).then(
      () => "passed",
      (error: unknown) => (error instanceof GatewayError ? error.code : String(error)),
    ),
  ),
);
const counts = Object.groupBy(outcomes, (outcome) => outcome);
process.stdout.write(
  `${JSON.stringify(Object.fromEntries(Object.entries(counts).map(([name, all]) => [name, all?.length])))}\n`,
);
process.exit(0);
