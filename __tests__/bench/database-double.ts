import { randomUUID } from "node:crypto";
import { createServer } from "node:http";
import { SCHEMA_VERSION } from "#lib/services/health/database-check.ts";
import { answerParent } from "./child.ts";
import type { BenchDatabase } from "./database.ts";

/**
 * What the gateway asks of its database, answered at once: the gateway's own part of a turn can be measured without
 * a Postgres that works on the same cores and empties their caches.
 */
const ANSWERS: Record<string, () => unknown> = {
  sarmalink_schema_version: () => SCHEMA_VERSION,
  gateway_key_ever_created: () => false,
  find_gateway_key: () => ({
    id: randomUUID(),
    user_id: USER,
    requests_per_minute: null,
    usd_per_month: null,
    modes: null,
  }),
  admit_gateway_key: () => ({ admitted: true }),
  begin_turn: () => ({ session_id: randomUUID(), session_created: true, messages: [], used_today: 1 }),
  settle_turns: () => ({ refused: [] }),
  close_turns_to_users: () => null,
  sync_instance: () => ({ cursor: 0, entries: [] }),
};
const USER = "00000000-0000-4000-8000-000000000001";

const server = createServer((incoming, outgoing) => {
  incoming.resume();
  incoming.on("end", () => {
    const answer = ANSWERS[incoming.url?.split("/").at(-1) ?? ""];
    const body = JSON.stringify(answer === undefined ? [] : answer());
    outgoing.writeHead(200, { "content-type": "application/json", "content-length": body.length }).end(body);
  });
});
server.keepAliveTimeout = 600_000;

answerParent(async (): Promise<BenchDatabase> => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  return {
    settings: {
      NEXT_PUBLIC_SUPABASE_URL: `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}`,
      NEXT_PUBLIC_SUPABASE_ANON_KEY: "sb_publishable_double",
      SUPABASE_SERVICE_ROLE_KEY: "sb_secret_double",
      SUPABASE_JWT_SECRET: "a-secret-of-the-double-that-is-long-enough",
    },
    key: `sk-sarmalink-${"a".repeat(64)}`,
  };
});
