import { mkdtemp, rm } from "node:fs/promises";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { readEnv } from "#lib/server/env/env.ts";
import { type Route, serveRoute } from "#lib/server/http/route.ts";
import { aiChat } from "#lib/server/routes/ai-chat.ts";
import { createGateway, type Gateway } from "#lib/server/wiring/gateway.ts";
import { startFakeUpstream, textChunk } from "../support/fake-upstream.ts";
import { readSome } from "../support/native-client.ts";
import { aHost, aRequest, modelsConfig } from "../support/test-gateway.ts";
import { startChild } from "./child.ts";
import type { BenchDatabase } from "./database.ts";
import { type Row, table } from "./statistics.ts";

/**
 * The time to the first token of native chat for messages that need no live tool: with all tools, and on a
 * gateway that has none. Rounds alternate, so that a slow moment of the machine hits both.
 */
const ROUNDS = Number(process.env["BENCH_ROUNDS"] ?? 300);
const WARM_UP = 50;
const MESSAGES = [
  "Hi",
  "Write an email to my landlord about the heating, which has been broken for a week.",
  `Summarise this text for me.\n\n${"The quick brown fox jumps over the lazy dog. ".repeat(400)}`,
];

const dataDir = await mkdtemp(join(tmpdir(), "sarmalink-bench-"));
const database = startChild(new URL("./database.ts", import.meta.url).pathname);
const stored = await database.ask<BenchDatabase>(dataDir);
const engine = await startFakeUpstream(async (exchange) => {
  await exchange.startStream();
  await exchange.event(textChunk("An answer.", "stop"));
  await exchange.event("[DONE]");
  await exchange.endStream();
});

function start(more: Parameters<typeof createGateway>[2] = {}): Promise<Gateway> {
  const env = readEnv({
    ...stored.settings,
    SARMALINK_DATA_DIR: dataDir,
    MODELS_CONFIG: modelsConfig({ own: `${engine.origin}/v1` }, { limit: 1_000_000_000 }),
  });
  return createGateway(env, () => undefined, more);
}

/** Milliseconds from the request to its first token. */
async function firstToken(route: Route, message: string): Promise<number> {
  const startedAt = performance.now();
  const response = await route(aRequest(stored.key, { message, model: "smart" }), aHost());
  const reader = response.body?.getReader();
  if (reader === undefined) throw new Error(`No stream, but ${response.status}.`);
  await readSome(reader, (events) => events.some(({ type }) => type === "token"));
  const took = performance.now() - startedAt;
  await readSome(reader, () => false);
  return took;
}

const subjects = [
  { what: "with the live tools", gateway: await start(), samples: [] as number[] },
  { what: "without any", gateway: await start({ createLiveTools: () => [] }), samples: [] as number[] },
];
for (let round = -WARM_UP; round < ROUNDS; round++) {
  for (const { gateway, samples } of round % 2 === 0 ? subjects : subjects.toReversed()) {
    const route = serveRoute(aiChat, async () => gateway);
    for (const message of MESSAGES) {
      const took = await firstToken(route, message);
      if (round >= 0) samples.push(took);
    }
  }
}
const rows = subjects.map(({ what, samples }): Row => ({ what, samples, unit: "ms" }));
process.stdout.write(`Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model}\n\n${table(rows)}\n`);
for (const { gateway } of subjects) await gateway.close();
await engine.stop();
await database.stop();
await rm(dataDir, { recursive: true, force: true });
