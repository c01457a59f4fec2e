import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { field } from "#lib/shared/json.ts";
import { startTestSupabase, type TestSupabase } from "../support/test-database.ts";
import { PROXY_ROUTES, ROUTES, startWireGateway, type WireEngine, type WireRoute } from "./wire-gateway.ts";

let database: TestSupabase;

beforeAll(async () => {
  database = await startTestSupabase();
});

afterAll(() => database.stop());

const CAP_FIELD: Readonly<Record<string, string>> = {
  "v1/chat/completions": "max_completion_tokens",
  "v1/responses": "max_output_tokens",
  "v1/messages": "max_tokens",
};

function capOf(body: unknown): unknown {
  return (
    field(body, "max_tokens") ??
    field(body, "max_completion_tokens") ??
    field(body, "max_output_tokens") ??
    field(field(body, "generationConfig"), "maxOutputTokens")
  );
}

/** What the engine is asked for, and what the client is told: nothing of the answer matters. */
async function capSent(
  engine: WireEngine,
  route: WireRoute,
  stream: boolean,
  changes: Record<string, unknown>,
) {
  const wire = await startWireGateway([engine], { database });
  try {
    const reply = await wire.ask(route, stream, changes);
    return {
      cap: capOf(wire.upstreams[0]?.requests[0]?.json),
      dropped: reply.headers.get("x-sarmalink-dropped") ?? "",
      body: wire.upstreams[0]?.requests[0]?.json,
    };
  } finally {
    await wire.stop();
  }
}

describe("W12: a client's output cap above the engine's ceiling", () => {
  const ENGINES: readonly (readonly [WireEngine, asked: number, sent: number])[] = [
    [{ vendor: "openai", model: "gpt-4o" }, 32_000, 16_384],
    [{ vendor: "openai", model: "gpt-4.1" }, 64_000, 32_768],
    [{ vendor: "openai", model: "gpt-4.1" }, 32_000, 32_000],
    [{ vendor: "groq", model: "llama-3.3-70b-versatile" }, 64_000, 32_768],
    [{ vendor: "own", model: "my-model", row: { maxOutputTokens: 2_048 } }, 32_000, 2_048],
    [{ vendor: "own", model: "my-model" }, 32_000, 32_000],
  ];
  for (const [engine, asked, sent] of ENGINES) {
    test.each(PROXY_ROUTES)(
      `${asked} at ${engine.vendor}/${engine.model} are sent as ${sent} from %s`,
      async (route) => {
        for (const stream of [true, false]) {
          const { cap, dropped } = await capSent(engine, route, stream, { [CAP_FIELD[route] ?? ""]: asked });
          expect(cap).toBe(sent);
          expect(dropped.includes("max_tokens")).toBe(sent < asked);
        }
      },
    );
  }

  test.each([
    ["claude-3-haiku-20240307", 32_000, 4_096],
    ["claude-3-5-haiku-latest", 64_000, 8_192],
    ["claude-opus-4-1", 64_000, 32_000],
    ["claude-sonnet-4-5", 64_000, 64_000],
  ])("%s at Anthropic: %i are sent as %i, and a thinking budget stays below", async (model, asked, sent) => {
    const { cap, body } = await capSent({ vendor: "anthropic", model }, "v1/messages", true, {
      max_tokens: asked,
      thinking: { type: "enabled", budget_tokens: asked - 1 },
    });
    expect(cap).toBe(sent);
    const budget = field(field(body, "thinking"), "budget_tokens");
    if (budget !== undefined) expect(budget).toBeLessThan(sent);
  });

  test.each([
    ["gemini-2.5-flash", 100_000, 65_536],
    ["gemini-2.0-flash", 32_000, 8_192],
  ])("%s at Gemini: %i are sent as %i", async (model, asked, sent) => {
    const { cap } = await capSent({ vendor: "gemini-grounded", model }, "v1/messages", false, {
      max_tokens: asked,
    });
    expect(cap).toBe(sent);
  });
});

describe("an engine whose window is known to be too small", () => {
  const prompt = "ship ".repeat(4_000);
  const question = (route: WireRoute): Record<string, unknown> => {
    const messages = [{ role: "user", content: prompt }];
    if (route === "ai-chat") return { message: prompt };
    return route === "v1/responses" ? { input: messages } : { messages };
  };
  const small: WireEngine = { vendor: "own", model: "small", row: { contextTokens: 2_000 } };

  test.each(ROUTES)("is passed over without a call from %s", async (route) => {
    const wire = await startWireGateway([small, { vendor: "groq", model: "llama-3.3-70b-versatile" }], {
      database,
    });
    try {
      for (const stream of [true, false]) {
        expect(await wire.ask(route, stream, question(route))).toMatchObject({
          status: 200,
          text: "Hello from groq.",
        });
      }
      expect(wire.upstreams[0]?.requests).toEqual([]);
    } finally {
      await wire.stop();
    }
  });

  test.each(ROUTES)("and if there is no other, the prompt is refused as too long from %s", async (route) => {
    const wire = await startWireGateway([small], { database });
    try {
      for (const stream of [true, false]) {
        const reply = await wire.ask(route, stream, question(route));
        expect(JSON.stringify(reply.error)).toMatch(/prompt is too long: at least \d+ tokens > 2000 maximum/);
        if (route !== "ai-chat") expect(reply.status).toBe(400);
        if (route !== "ai-chat" && route !== "v1/messages")
          expect(reply.error?.["code"]).toBe("context_length_exceeded");
      }
      expect(wire.upstreams[0]?.requests).toEqual([]);
    } finally {
      await wire.stop();
    }
  });

  test("a named engine, too: gpt-4 has 8,192 tokens", async () => {
    const wire = await startWireGateway([{ vendor: "openai", model: "gpt-4o" }], { database });
    try {
      const reply = await wire.ask("v1/chat/completions", false, {
        model: "openai/gpt-4",
        messages: [{ role: "user", content: "ship ".repeat(12_000) }],
      });
      expect(reply).toMatchObject({ status: 400, error: { code: "context_length_exceeded" } });
      expect(wire.upstreams[0]?.requests).toEqual([]);
    } finally {
      await wire.stop();
    }
  });
});
