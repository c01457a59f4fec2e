import { afterAll, beforeAll, expect, test } from "vitest";
import { PROXY_ROUTES, ROUTES, startWireGateway, type WireGateway } from "./wire-gateway.ts";

let wire: WireGateway;

beforeAll(async () => {
  wire = await startWireGateway([{ vendor: "groq", model: "llama-3.3-70b-versatile" }]);
});

afterAll(() => wire.stop());

test.each(ROUTES)("an answer is read the same way from %s, streamed and whole", async (route) => {
  for (const stream of [true, false]) {
    const reply = await wire.ask(route, stream);
    expect(reply).toMatchObject({ status: 200, text: "Hello from groq.", error: undefined, calls: [] });
    expect(reply.finish).toMatch(/^(?:done|stop|end_turn|completed)$/);
    expect(reply.usage).toBeDefined();
  }
});

test.each(PROXY_ROUTES)("an error is read from %s", async (route) => {
  const reply = await wire.ask(route, true, { model: "nobody/nothing" });
  expect(reply.status).toBe(404);
  expect(reply.error).toMatchObject({ message: expect.stringContaining("nobody") });
});
