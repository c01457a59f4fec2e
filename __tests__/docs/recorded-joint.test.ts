import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { arrayField, stringField } from "#lib/shared/json.ts";
import { type FakeUpstream, type Script, startFakeUpstream, textChunk } from "../support/fake-upstream.ts";
import { failsWith, inTurn, says } from "../support/scripted-answers.ts";
import { startTestSupabase, type TestSupabase } from "../support/test-database.ts";
import { modelsConfig, startTestGateway, type TestGateway } from "../support/test-gateway.ts";
import { readPages } from "./pages.ts";

/**
 * The recording of docs/WHY-THE-STREAM-NEVER-BREAKS.md: two scripted engines behind sockets, a real gateway, and what
 * went over each wire. If the gateway's behaviour changes, this test shows the new recording.
 */
const BEGINNING = ["Tides come ", "twice a day ", "because the Moon ", "pulls the oce"];
const REST = [
  "Sure, here is the rest: ",
  "ice a day because the ",
  "Moon pulls the oceans, ",
  "and the Earth turns ",
  "under them.",
];

const breaksOff: Script = async (exchange) => {
  await exchange.startStream();
  for (const piece of BEGINNING) await exchange.event(textChunk(piece));
  // A reset may throw away what is still on its way.
  await pause(25);
  exchange.reset();
};

let database: TestSupabase;
let first: FakeUpstream;
let second: FakeUpstream;
let gateway: TestGateway;

beforeAll(async () => {
  database = await startTestSupabase();
  first = await startFakeUpstream(inTurn(breaksOff, failsWith(503, { error: { message: "Overloaded" } })));
  second = await startFakeUpstream(says({ text: REST }));
  gateway = await startTestGateway({
    database,
    settings: { MODELS_CONFIG: modelsConfig({ north: `${first.origin}/v1`, south: `${second.origin}/v1` }) },
  });
}, 30_000);
afterAll(async () => {
  await gateway.stop();
  await Promise.all([first.stop(), second.stop()]);
  await database.stop();
});

/** The lines of the fenced block behind a heading. */
function blockBehind(heading: string): string {
  const page = readPages().current.find(({ path }) => path === "docs/WHY-THE-STREAM-NEVER-BREAKS.md");
  return (
    new RegExp(`^### ${heading}$[^]*?^\`\`\`\\w*\\n([^]*?)^\`\`\``, "m").exec(page?.text ?? "")?.[1] ?? ""
  );
}

test("the recording in the docs is what happens", async () => {
  const user = await database.signUp();
  const answer = await gateway.ask(user.accessToken, {
    message: "Why do tides come twice a day?",
    model: "smart",
  });
  const messages = arrayField(second.requests[0]?.json, "messages");
  const asked = messages
    .slice(-2)
    .map((message) => `${stringField(message, "role")}: ${stringField(message, "content")}`);
  expect(`${asked.join("\n")}\n`).toBe(blockBehind("What the second engine was asked"));
  expect(`${REST.join("")}\n`).toBe(blockBehind("What it wrote"));
  const read = answer.frames
    .map((frame) => JSON.stringify(frame))
    .filter((frame) => !/"type":"(?:session|usage|done)"/.test(frame))
    .map((frame) => frame.replace(/"latencyMs":\d+/, '"latencyMs":12'))
    .join("\n")
    // In how many pieces a text comes depends on the network.
    .replace(/(?<="type":"token","text":"[^"\n]*)"}\n{"type":"token","text":"/g, "");
  expect(`${read}\n`).toBe(blockBehind("What the client read"));
  expect(answer.text).toBe(
    "Tides come twice a day because the Moon pulls the oceans, and the Earth turns under them.",
  );
  expect(answer.done).toBeDefined();
});
