import type { Script } from "./fake-upstream.ts";

/** A script that answers as Gemini's API does, streamed or whole, with these parts. */
export function saysGemini(...parts: readonly Record<string, unknown>[]): Script {
  return async (exchange) => {
    const usageMetadata = { promptTokenCount: 10, candidatesTokenCount: 5, totalTokenCount: 15 };
    const candidate = { content: { role: "model", parts }, finishReason: "STOP", index: 0 };
    const body = { candidates: [candidate], usageMetadata };
    if (!exchange.request.path.includes(":streamGenerateContent")) {
      await exchange.json(200, body);
      return;
    }
    await exchange.startStream();
    await exchange.event(body);
    await exchange.endStream();
  };
}
