import { createHash, randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { Agent, request } from "node:http";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { readPostmaster } from "#lib/local-supabase/postmaster.ts";
import { startChild } from "./child.ts";
import type { BenchDatabase } from "./database.ts";
import { treeCpu } from "./process-tree.ts";
import { monotonicMs, percentile } from "./statistics.ts";

/** What a function call costs on the local database: as it is answered now, and by `@supabase/lite`. */
const ALONE = 300;
const TOGETHER = 1_500;
const CONNECTIONS = 32;
const ROUNDS = 3;

type Call = { what: string; name: string; body: () => unknown };

const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
const calls: readonly Call[] = [
  { what: "a function that does nothing", name: "sarmalink_schema_version", body: () => ({}) },
  {
    what: "`begin_turn`, one user",
    name: "begin_turn",
    body: () => ({
      p_turn: {
        request_id: randomUUID(),
        settle_hash: createHash("sha256").update("secret").digest("hex"),
        mode: "smart",
        tier: "smart",
        daily_limit: 1_000_000,
        title: "A question",
        user_id: userId,
      },
    }),
  },
];

let userId = "";
let database: BenchDatabase;

function post(path: string, body: unknown, headers: Record<string, string>): Promise<unknown> {
  const { NEXT_PUBLIC_SUPABASE_URL: url = "", SUPABASE_SERVICE_ROLE_KEY: key = "" } = database.settings;
  return new Promise((resolve, reject) => {
    const all = { "content-type": "application/json", apikey: key, ...headers };
    const sent = request(`${url}${path}`, { method: "POST", headers: all, agent }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (piece: string) => {
        text += piece;
      });
      response.once("end", () => {
        if (response.statusCode === 200) resolve(JSON.parse(text));
        else reject(new Error(`${path}: ${response.statusCode} ${text}`));
      });
    });
    sent.once("error", reject);
    sent.end(JSON.stringify(body));
  });
}

/** Milliseconds of each call, so many of them at a time. */
async function times(
  { name, body }: Call,
  count: number,
  atOnce: number,
  headers: object,
): Promise<number[]> {
  const taken: number[] = [];
  let left = count;
  const client = async (): Promise<void> => {
    while (left-- > 0) {
      const from = monotonicMs();
      await post(`/rest/v1/rpc/${name}`, body(), { ...headers });
      taken.push(monotonicMs() - from);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, client));
  return taken;
}

async function main(): Promise<void> {
  const dataDir = await mkdtemp(join(tmpdir(), "sarmalink-calls-"));
  const child = startChild(new URL("./database.ts", import.meta.url).pathname);
  database = await child.ask<BenchDatabase>(dataDir);
  const postgresPid = (await readPostmaster(join(dataDir, "postgres")))?.pid ?? 0;
  const account = { email: `${randomUUID()}@example.test`, password: "correct horse battery staple" };
  const signedUp = (await post("/auth/v1/signup", account, {})) as { user: { id: string } };
  userId = signedUp.user.id;
  console.log(
    `Node ${process.version}, ${cpus().length} cores, ${cpus()[0]?.model ?? "unknown processor"}\n`,
  );
  console.log(
    "| | answered | ms alone | calls a second | CPU of the API, µs | CPU of Postgres, µs |\n|---|---|---:|---:|---:|---:|",
  );
  const lines = new Map<string, number[][]>();
  for (let round = 0; round <= ROUNDS; round++) {
    for (const call of calls) {
      for (const [how, headers] of [
        ["by lite", { prefer: "handling=lenient" }],
        ["by the front", {}],
      ] as const) {
        const alone = percentile(await times(call, ALONE, 1, headers), 0.5);
        const before = [await child.cpu(), await treeCpu(postgresPid)];
        const from = monotonicMs();
        await times(call, TOGETHER, CONNECTIONS, headers);
        const seconds = (monotonicMs() - from) / 1_000;
        const after = [await child.cpu(), await treeCpu(postgresPid)];
        const used = after.map((value, index) => (value - (before[index] ?? 0)) / TOGETHER);
        const line = `${call.what} | ${how}`;
        // The first round warms up.
        if (round > 0) lines.set(line, [...(lines.get(line) ?? []), [alone, TOGETHER / seconds, ...used]]);
      }
    }
  }
  for (const [line, rounds] of lines) {
    const figures = [2, 0, 0, 0].map((digits, index) =>
      percentile(
        rounds.map((round) => round[index] ?? 0),
        0.5,
      ).toFixed(digits),
    );
    console.log(`| ${line} | ${figures.join(" | ")} |`);
  }
  await child.stop();
  await rm(dataDir, { recursive: true, force: true });
}

await main();
process.exit(0);
