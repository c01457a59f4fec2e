import { HttpResponse, http } from "msw";
import { setupServer } from "msw/node";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { findLocalOllama } from "#lib/server/wiring/local-ollama.ts";

const TAGS = "http://127.0.0.1:11434/api/tags";
const server = setupServer();

beforeAll(() => server.listen({ onUnhandledFrame: "error" }));
afterEach(() => server.resetHandlers());
afterAll(() => server.close());

describe("an Ollama on its default port", () => {
  test("gives its first model that can chat, at its OpenAI-compatible address", async () => {
    server.use(
      http.get(TAGS, () =>
        HttpResponse.json({
          models: [
            { name: "nomic-embed-text:latest", capabilities: ["embedding"] },
            { name: "qwen3:8b", capabilities: ["completion", "tools"] },
          ],
        }),
      ),
    );
    expect(await findLocalOllama()).toMatchObject({
      id: "ollama/qwen3:8b",
      label: "Local Ollama (qwen3:8b)",
      baseUrl: "http://127.0.0.1:11434",
      keys: [{ kind: "key", key: "" }],
      paid: false,
    });
  });

  test("of an older version, which names no capabilities, gives its first model", async () => {
    server.use(http.get(TAGS, () => HttpResponse.json({ models: [{ name: "llama3.1:8b" }] })));
    expect((await findLocalOllama())?.model).toBe("llama3.1:8b");
  });

  test.each([
    { name: "no model", answer: () => HttpResponse.json({ models: [] }) },
    { name: "a web page", answer: () => HttpResponse.html("<h1>Not Ollama</h1>") },
    { name: "nobody listening", answer: () => HttpResponse.error() },
  ])("is not used with $name", async ({ answer }) => {
    server.use(http.get(TAGS, answer));
    expect(await findLocalOllama()).toBeUndefined();
  });
});
