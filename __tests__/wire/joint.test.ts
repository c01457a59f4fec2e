import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { field } from "#lib/shared/json.ts";
import { BREAKS } from "../faults/scripts.ts";
import { type Script, textChunk } from "../support/fake-upstream.ts";
import { SEAMS, type Seam } from "../support/seams.ts";
import { startTestSupabase, type TestSupabase } from "../support/test-database.ts";
import { ROUTES, startWireGateway, type WireRoute } from "./wire-gateway.ts";

let database: TestSupabase;

beforeAll(async () => {
  database = await startTestSupabase();
});

afterAll(() => database.stop());

/** Streams what is to be sent before the break, then breaks as a connection does. */
const breaksOff =
  ({ sent }: Seam): Script =>
  async (exchange) => {
    await exchange.startStream();
    for (const piece of sent.match(/[\s\S]{1,37}/g) ?? []) await exchange.event(textChunk(piece));
    // Half a character before the end of a stream is told as U+FFFD; a connection that breaks loses it.
    await (/[\ud800-\udbff]$/.test(sent) ? BREAKS.reset(exchange) : exchange.endStream());
  };

/** Reads in the request what it has said, repeats the last characters of it as it was asked, and goes on. */
const obeys =
  ({ sent, rest }: Seam): Script =>
  async (exchange) => {
    const messages = field(exchange.request.json, "messages");
    const own = Array.isArray(messages)
      ? messages.findLast((message) => field(message, "role") === "assistant")
      : undefined;
    const said = String(field(own, "content") ?? "");
    const told = said.slice(-40).trimStart() + (sent + rest).slice(said.length);
    await exchange.startStream();
    for (const unit of told.match(/[\s\S]{1,7}/g) ?? []) await exchange.event(textChunk(unit));
    await exchange.event(textChunk("", "stop"));
    await exchange.event("[DONE]");
    await exchange.endStream();
  };

/** Breaks of an engine open its breaker, so there are many. */
const ENGINES = 40;

describe("The joint of a continued answer, over real sockets", () => {
  test.each(ROUTES)("%s: the client reads the answer byte for byte", async (route: WireRoute) => {
    const engines = Array.from({ length: ENGINES }, (_, index) => ({
      vendor: "own" as const,
      model: `m${index}`,
    }));
    const wire = await startWireGateway(engines, { database });
    try {
      for (const seam of SEAMS.filter(({ rest }) => rest !== "")) {
        let calls = 0;
        const script: Script = (exchange) => (++calls === 1 ? breaksOff(seam) : obeys(seam))(exchange);
        for (const upstream of wire.upstreams) upstream.script = script;
        const reply = await wire.ask(route, true);
        expect(reply.error, seam.name).toBeUndefined();
        expect(reply.text, seam.name).toBe(seam.sent + seam.rest);
        expect(calls, seam.name).toBe(2);
      }
    } finally {
      await wire.stop();
    }
  });
});
