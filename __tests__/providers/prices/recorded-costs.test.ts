import { describe, expect, test } from "vitest";
import { createPriceBook } from "#lib/providers/cost.ts";
import { loadLibraryPrices } from "#lib/providers/prices/library-prices.ts";
import { parsePricesConfig } from "#lib/providers/prices/prices-config.ts";
import { createRegistry } from "#lib/providers/registry.ts";
import type { ProtocolId } from "#lib/providers/vendors/provider.ts";
import { frames, replay } from "../../support/replay.ts";

/** One recorded usage, and what the provider bills for it. */
type Row = {
  what: string;
  protocol: ProtocolId;
  engine: [provider: string, model: string];
  /** As it stands in a whole answer. */
  usage: object;
  /** As it stands in a stream, one after the other, where that is different. */
  streamed?: readonly object[];
  /** When the call was made; some prices depend on it. */
  at?: string;
  /** USD, computed by hand from the provider's prices of a million tokens; undefined if it is unknown. */
  usd: number | undefined;
};

const M = 1_000_000;

const ANTHROPIC: Omit<Row, "protocol">[] = [
  {
    what: "cache read and a write for five minutes (recorded)",
    engine: ["anthropic", "claude-sonnet-4-5-20250929"],
    usage: {
      cache_creation: { ephemeral_1h_input_tokens: 0, ephemeral_5m_input_tokens: 418 },
      cache_creation_input_tokens: 418,
      cache_read_input_tokens: 1111,
      input_tokens: 3,
      output_tokens: 33,
    },
    usd: (3 * 3 + 1111 * 0.3 + 418 * 3.75 + 33 * 15) / M,
  },
  {
    what: "writes of both lives",
    engine: ["anthropic", "claude-opus-4-7"],
    usage: {
      cache_creation: { ephemeral_1h_input_tokens: 900, ephemeral_5m_input_tokens: 100 },
      cache_creation_input_tokens: 1000,
      cache_read_input_tokens: 2000,
      input_tokens: 10,
      output_tokens: 50,
    },
    usd: (10 * 5 + 2000 * 0.5 + 100 * 6.25 + 900 * 10 + 50 * 25) / M,
  },
  {
    what: "counts that are revised at the end of the stream (recorded)",
    engine: ["anthropic", "claude-sonnet-4-5"],
    usage: {
      input_tokens: 6,
      cache_creation_input_tokens: 3337,
      cache_read_input_tokens: 6289,
      output_tokens: 198,
      output_tokens_details: { thinking_tokens: 0 },
    },
    streamed: [
      {
        input_tokens: 2,
        cache_creation_input_tokens: 3068,
        cache_read_input_tokens: 0,
        cache_creation: { ephemeral_5m_input_tokens: 3068, ephemeral_1h_input_tokens: 0 },
        output_tokens: 69,
      },
      {
        input_tokens: 6,
        cache_creation_input_tokens: 3337,
        cache_read_input_tokens: 6289,
        output_tokens: 198,
        output_tokens_details: { thinking_tokens: 0 },
      },
    ],
    usd: (6 * 3 + 6289 * 0.3 + 3337 * 3.75 + 198 * 15) / M,
  },
  {
    what: "thinking is in the output",
    engine: ["anthropic", "claude-opus-4-7"],
    usage: { input_tokens: 100, output_tokens: 700, output_tokens_details: { thinking_tokens: 600 } },
    usd: (100 * 5 + 700 * 25) / M,
  },
  {
    what: "a prompt of more than 200,000 tokens, cached ones included, has its own prices",
    engine: ["anthropic", "claude-sonnet-4-5"],
    usage: { input_tokens: 150_001, cache_read_input_tokens: 50_000, output_tokens: 1000 },
    usd: (150_001 * 6 + 50_000 * 0.6 + 1000 * 22.5) / M,
  },
  {
    what: "one of 200,000 has not",
    engine: ["anthropic", "claude-sonnet-4-5"],
    usage: { input_tokens: 150_000, cache_read_input_tokens: 50_000, output_tokens: 1000 },
    usd: (150_000 * 3 + 50_000 * 0.3 + 1000 * 15) / M,
  },
  {
    what: "searches by its own tool, $10 a thousand (recorded); fetched pages are free",
    engine: ["anthropic", "claude-sonnet-4-20250514"],
    usage: {
      input_tokens: 27_118,
      output_tokens: 600,
      server_tool_use: { web_search_requests: 2, web_fetch_requests: 3 },
    },
    usd: (27_118 * 3 + 600 * 15) / M + 2 * 0.01,
  },
  {
    what: "a compaction, which the counts of the answer leave out (recorded)",
    engine: ["anthropic", "claude-opus-4-6"],
    usage: {
      input_tokens: 682,
      output_tokens: 1320,
      iterations: [
        { type: "compaction", input_tokens: 60_385, output_tokens: 592, cache_read_input_tokens: 0 },
        { type: "message", input_tokens: 682, output_tokens: 1320, cache_read_input_tokens: 0 },
      ],
    },
    usd: ((682 + 60_385) * 5 + (1320 + 592) * 25) / M,
  },
];

const CHAT: Omit<Row, "protocol">[] = [
  {
    what: "OpenAI, plain (recorded)",
    engine: ["openai", "gpt-4.1-nano-2025-04-14"],
    usage: {
      prompt_tokens: 16,
      completion_tokens: 363,
      total_tokens: 379,
      prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 },
      completion_tokens_details: { reasoning_tokens: 0, audio_tokens: 0 },
    },
    usd: (16 * 0.1 + 363 * 0.4) / M,
  },
  {
    what: "OpenAI, cached, with reasoning in the completion",
    engine: ["openai", "gpt-5"],
    usage: {
      prompt_tokens: 2000,
      completion_tokens: 500,
      total_tokens: 2500,
      prompt_tokens_details: { cached_tokens: 1024 },
      completion_tokens_details: { reasoning_tokens: 320 },
    },
    usd: (976 * 1.25 + 1024 * 0.125 + 500 * 10) / M,
  },
  {
    what: "OpenAI, sound in the prompt and in the answer",
    engine: ["openai", "gpt-audio"],
    usage: {
      prompt_tokens: 100,
      completion_tokens: 200,
      prompt_tokens_details: { audio_tokens: 60 },
      completion_tokens_details: { audio_tokens: 150 },
    },
    usd: (40 * 2.5 + 60 * 32 + 50 * 10 + 150 * 64) / M,
  },
  {
    what: "our own table",
    engine: ["openai", "gpt-5.5"],
    usage: { prompt_tokens: 1000, completion_tokens: 100, prompt_tokens_details: { cached_tokens: 600 } },
    usd: (400 * 5 + 600 * 0.5 + 100 * 30) / M,
  },
  {
    what: "OpenRouter's own figure (recorded)",
    engine: ["openrouter", "anthropic/claude-sonnet-4.6"],
    usage: {
      prompt_tokens: 254,
      completion_tokens: 5,
      total_tokens: 259,
      cost: 0.000837,
      is_byok: false,
      prompt_tokens_details: { cached_tokens: 0, cache_write_tokens: 0 },
      cost_details: { upstream_inference_cost: 0.000837 },
    },
    usd: 0.000837,
  },
  {
    what: "OpenRouter, no upstream cost told (recorded)",
    engine: ["openrouter", "anthropic/claude-sonnet-4.5"],
    usage: {
      prompt_tokens: 43,
      completion_tokens: 36,
      cost: 0.000669,
      is_byok: false,
      cost_details: { upstream_inference_cost: null },
    },
    usd: 0.000669,
  },
  {
    what: "OpenRouter with the operator's own key: its fee and what the provider bills",
    engine: ["openrouter", "openai/gpt-5"],
    usage: {
      prompt_tokens: 194,
      completion_tokens: 2,
      cost: 0.00095,
      is_byok: true,
      cost_details: { upstream_inference_cost: 0.019 },
    },
    usd: 0.00095 + 0.019,
  },
  {
    what: "the same without a fee (recorded)",
    engine: ["openrouter", "openai/gpt-5"],
    usage: {
      prompt_tokens: 9171,
      completion_tokens: 113,
      cost: 0,
      is_byok: true,
      cost_details: { upstream_inference_cost: 0.0360795 },
      completion_tokens_details: { reasoning_tokens: 55 },
    },
    usd: 0.0360795,
  },
  {
    what: "the same from before is_byok: the fee is a twentieth",
    engine: ["openrouter", "openai/gpt-5"],
    usage: {
      prompt_tokens: 194,
      completion_tokens: 2,
      cost: 0.95,
      cost_details: { upstream_inference_cost: 19 },
    },
    usd: 19.95,
  },
  {
    what: "OpenRouter's free models",
    engine: ["openrouter", "minimax/minimax-m2:free"],
    usage: { prompt_tokens: 43, completion_tokens: 10, cost: 0, is_byok: false },
    usd: 0,
  },
  {
    what: "Groq, cached (recorded)",
    engine: ["groq", "openai/gpt-oss-120b"],
    usage: {
      completion_tokens: 96,
      completion_tokens_details: { reasoning_tokens: 59 },
      prompt_tokens: 336,
      prompt_tokens_details: { cached_tokens: 256 },
      total_tokens: 432,
      queue_time: 0.005,
    },
    usd: (80 * 0.15 + 256 * 0.075 + 96 * 0.6) / M,
  },
  {
    what: "Mistral, which counts cached tokens in its own place (recorded)",
    engine: ["mistral", "mistral-large-latest"],
    usage: { completion_tokens: 12, num_cached_tokens: 69, prompt_tokens: 70, total_tokens: 82 },
    // The library knows no price of its cache.
    usd: (70 * 2 + 12 * 6) / M,
  },
  {
    what: "Cerebras (recorded)",
    engine: ["cerebras", "gpt-oss-120b"],
    usage: {
      completion_tokens: 37,
      completion_tokens_details: { reasoning_tokens: 25 },
      prompt_tokens: 79,
      prompt_tokens_details: { cached_tokens: 0 },
      total_tokens: 116,
    },
    usd: (79 * 0.35 + 37 * 0.75) / M,
  },
  {
    what: "Cohere by its OpenAI-compatible API",
    engine: ["cohere", "command-a-03-2025"],
    usage: { prompt_tokens: 12, completion_tokens: 7, total_tokens: 19 },
    usd: (12 * 2.5 + 7 * 10) / M,
  },
  {
    what: "Cohere's billed units, which are fewer than its tokens (recorded)",
    engine: ["cohere", "command-a-03-2025"],
    usage: {
      billed_units: { input_tokens: 12, output_tokens: 7 },
      tokens: { input_tokens: 507, output_tokens: 10 },
    },
    usd: (12 * 2.5 + 7 * 10) / M,
  },
  {
    what: "DeepSeek, which counts hits of its cache in its own place",
    engine: ["my-deepseek", "deepseek-v4"],
    usage: {
      prompt_tokens: 1000,
      completion_tokens: 100,
      total_tokens: 1100,
      prompt_cache_hit_tokens: 900,
      prompt_cache_miss_tokens: 100,
      completion_tokens_details: { reasoning_tokens: 80 },
    },
    usd: (100 * 0.5 + 900 * 0.05 + 100 * 2) / M,
  },
  {
    what: "xAI, whose reasoning stands beside the completion (recorded)",
    engine: ["my-deepseek", "deepseek-v4"],
    usage: {
      prompt_tokens: 12,
      completion_tokens: 2,
      total_tokens: 354,
      prompt_tokens_details: { cached_tokens: 11 },
      completion_tokens_details: { reasoning_tokens: 340 },
    },
    usd: (1 * 0.5 + 11 * 0.05 + 342 * 2) / M,
  },
  {
    what: "reasoning beside the completion, and no total: it is more than the completion",
    engine: ["openai", "gpt-5"],
    usage: {
      prompt_tokens: 12,
      completion_tokens: 2,
      completion_tokens_details: { reasoning_tokens: 340 },
    },
    usd: (12 * 1.25 + 342 * 10) / M,
  },
  {
    what: "reasoning beside the answer, by the names of the Responses API",
    engine: ["openai", "gpt-5"],
    usage: {
      input_tokens: 12,
      output_tokens: 400,
      total_tokens: 752,
      output_tokens_details: { reasoning_tokens: 340 },
    },
    usd: (12 * 1.25 + 740 * 10) / M,
  },
  {
    what: "a total that says that there was no more",
    engine: ["openai", "gpt-5"],
    usage: {
      prompt_tokens: 12,
      completion_tokens: 2,
      total_tokens: 14,
      completion_tokens_details: { reasoning_tokens: 340 },
    },
    usd: (12 * 1.25 + 2 * 10) / M,
  },
  {
    what: "SambaNova, which nobody has a price for: unknown, not zero",
    engine: ["sambanova", "DeepSeek-V3.2"],
    usage: { prompt_tokens: 10, completion_tokens: 10, total_latency: 1, is_last_response: true },
    usd: undefined,
  },
];

const RESPONSES: Omit<Row, "protocol">[] = [
  {
    what: "cached, with reasoning in the output (recorded)",
    engine: ["openai", "gpt-5.3-codex"],
    usage: {
      input_tokens: 7243,
      input_tokens_details: { cached_tokens: 3072 },
      output_tokens: 423,
      output_tokens_details: { reasoning_tokens: 58 },
      total_tokens: 7666,
    },
    usd: (4171 * 1.75 + 3072 * 0.175 + 423 * 14) / M,
  },
  {
    what: "reasoning beside the output, which the total reveals",
    engine: ["openai", "gpt-5.3-codex"],
    usage: {
      input_tokens: 12,
      output_tokens: 2,
      total_tokens: 354,
      output_tokens_details: { reasoning_tokens: 340 },
    },
    usd: (12 * 1.75 + 342 * 14) / M,
  },
  {
    what: "a long prompt has its own prices",
    engine: ["openai", "gpt-5.4-2026-03-05"],
    usage: { input_tokens: 272_000, input_tokens_details: { cached_tokens: 72_000 }, output_tokens: 1000 },
    usd: (200_000 * 5 + 72_000 * 0.5 + 1000 * 22.5) / M,
  },
  {
    what: "one token less has not",
    engine: ["openai", "gpt-5.4-2026-03-05"],
    usage: { input_tokens: 271_999, input_tokens_details: { cached_tokens: 71_999 }, output_tokens: 1000 },
    usd: (200_000 * 2.5 + 71_999 * 0.25 + 1000 * 15) / M,
  },
  {
    what: "cache writes, at the price of after a change",
    engine: ["openai", "gpt-5.6-sol"],
    at: "2026-08-21T00:00:00Z",
    usage: {
      input_tokens: 3000,
      input_tokens_details: { cached_tokens: 1000, cache_write_tokens: 1500 },
      output_tokens: 100,
    },
    usd: (500 * 4 + 1000 * 0.4 + 1500 * 5 + 100 * 20) / M,
  },
  {
    what: "the same at the price of the day before",
    engine: ["openai", "gpt-5.6-sol"],
    at: "2026-08-20T23:59:59Z",
    usage: {
      input_tokens: 3000,
      input_tokens_details: { cached_tokens: 1000, cache_write_tokens: 1500 },
      output_tokens: 100,
    },
    usd: (500 * 5 + 1000 * 0.5 + 1500 * 6.25 + 100 * 30) / M,
  },
  {
    what: "OpenRouter's own figure (recorded)",
    engine: ["openrouter", "openai/gpt-4o"],
    usage: {
      input_tokens: 17,
      output_tokens: 4,
      cost: 8.25e-5,
      is_byok: false,
      cost_details: { upstream_inference_cost: 8.25e-5 },
    },
    usd: 0.0000825,
  },
  {
    what: "OpenRouter with the operator's own key",
    engine: ["openrouter", "openai/gpt-4o"],
    usage: {
      input_tokens: 17,
      output_tokens: 4,
      cost: 4e-6,
      is_byok: true,
      cost_details: { upstream_inference_cost: 8.25e-5 },
    },
    usd: 0.0000865,
  },
];

const GEMINI: Omit<Row, "protocol">[] = [
  {
    what: "thoughts, which stand beside the answer (recorded)",
    engine: ["gemini-grounded", "gemini-3-pro-preview"],
    usage: {
      promptTokenCount: 9,
      candidatesTokenCount: 28,
      totalTokenCount: 281,
      promptTokensDetails: [{ modality: "TEXT", tokenCount: 9 }],
      thoughtsTokenCount: 244,
    },
    streamed: [
      { promptTokenCount: 9, totalTokenCount: 200, thoughtsTokenCount: 191 },
      { promptTokenCount: 9, candidatesTokenCount: 28, totalTokenCount: 281, thoughtsTokenCount: 244 },
    ],
    usd: (9 * 2 + (28 + 244) * 12) / M,
  },
  {
    what: "what its search brought into the prompt (recorded)",
    engine: ["gemini-grounded", "gemini-2.5-pro"],
    usage: {
      candidatesTokenCount: 240,
      promptTokenCount: 249,
      thoughtsTokenCount: 301,
      toolUsePromptTokenCount: 319,
      totalTokenCount: 1109,
    },
    usd: ((249 + 319) * 1.25 + (240 + 301) * 10) / M,
  },
  {
    what: "cached, in a prompt of more than 200,000 tokens",
    engine: ["gemini-grounded", "gemini-2.5-pro"],
    usage: { promptTokenCount: 250_000, cachedContentTokenCount: 100_000, candidatesTokenCount: 1000 },
    usd: (150_000 * 2.5 + 100_000 * 0.25 + 1000 * 15) / M,
  },
  {
    what: "sound",
    engine: ["gemini-grounded", "gemini-2.5-flash"],
    usage: {
      promptTokenCount: 1000,
      promptTokensDetails: [
        { modality: "TEXT", tokenCount: 400 },
        { modality: "AUDIO", tokenCount: 600 },
      ],
      candidatesTokenCount: 100,
    },
    usd: (400 * 0.3 + 600 * 1 + 100 * 2.5) / M,
  },
  {
    what: "the price of the day",
    engine: ["gemini-grounded", "gemini-3.6-flash"],
    at: "2026-12-31T23:59:59Z",
    usage: { promptTokenCount: 1000, cachedContentTokenCount: 200, candidatesTokenCount: 100 },
    usd: (800 * 0.75 + 200 * 0.075 + 100 * 3.75) / M,
  },
  {
    what: "the price of the next year",
    engine: ["gemini-grounded", "gemini-3.6-flash"],
    at: "2027-01-01T00:00:00Z",
    usage: { promptTokenCount: 1000, cachedContentTokenCount: 200, candidatesTokenCount: 100 },
    usd: (800 * 1.5 + 200 * 0.15 + 100 * 7.5) / M,
  },
];

const ROWS: Row[] = [
  ...ANTHROPIC.map((row): Row => ({ ...row, protocol: "anthropic" })),
  ...CHAT.map((row): Row => ({ ...row, protocol: "openai-compatible" })),
  ...RESPONSES.map((row): Row => ({ ...row, protocol: "openai-responses" })),
  ...GEMINI.map((row): Row => ({ ...row, protocol: "gemini" })),
];

/** A whole answer with this usage. */
function whole({ protocol, usage }: Row): object {
  switch (protocol) {
    case "anthropic":
      return {
        type: "message",
        role: "assistant",
        content: [{ type: "text", text: "Hi" }],
        stop_reason: "end_turn",
        usage,
      };
    case "openai-compatible":
      return {
        object: "chat.completion",
        choices: [{ index: 0, message: { role: "assistant", content: "Hi" }, finish_reason: "stop" }],
        usage,
      };
    case "openai-responses":
      return {
        object: "response",
        status: "completed",
        output: [
          {
            type: "message",
            role: "assistant",
            content: [{ type: "output_text", text: "Hi", annotations: [] }],
          },
        ],
        usage,
      };
    case "gemini":
      return {
        candidates: [{ content: { parts: [{ text: "Hi" }], role: "model" }, finishReason: "STOP" }],
        usageMetadata: usage,
      };
  }
}

/** A stream with these usages. */
function stream(row: Row): object[] {
  const { protocol, usage, streamed = [usage] } = row;
  const last = streamed.at(-1);
  switch (protocol) {
    case "anthropic":
      return [
        { type: "message_start", message: { role: "assistant", content: [], usage: streamed[0] } },
        { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } },
        { type: "content_block_delta", index: 0, delta: { type: "text_delta", text: "Hi" } },
        { type: "content_block_stop", index: 0 },
        { type: "message_delta", delta: { stop_reason: "end_turn" }, usage: last },
        { type: "message_stop" },
      ];
    case "openai-compatible":
      return [
        {
          choices: [{ index: 0, delta: { role: "assistant", content: "Hi" }, finish_reason: null }],
          usage: null,
        },
        { choices: [{ index: 0, delta: {}, finish_reason: "stop" }] },
        { choices: [], usage: last },
      ];
    case "openai-responses":
      return [
        { type: "response.created", response: { status: "in_progress", output: [] } },
        { type: "response.output_text.delta", item_id: "m", output_index: 0, content_index: 0, delta: "Hi" },
        { type: "response.completed", response: whole(row) },
      ];
    case "gemini":
      return streamed.map((usageMetadata, index) => ({
        candidates: [
          {
            content: { parts: [{ text: "Hi" }], role: "model" },
            ...(index === streamed.length - 1 ? { finishReason: "STOP" } : {}),
          },
        ],
        usageMetadata,
      }));
  }
}

const book = createPriceBook({
  library: await loadLibraryPrices(),
  overrides: await parsePricesConfig(
    '{ "my-deepseek/deepseek-v4": { "input": 0.5, "output": 2, "cachedInput": 0.05 } }',
    "prices",
  ),
  wallNow: () => Date.parse("2026-11-27T12:00:00Z"),
});
const registry = createRegistry(
  (name) => {
    if (name === "PAID_PROVIDERS") return "groq,mistral,cerebras,cohere,sambanova,gemini-grounded";
    return /_(?:KEY|MODELS_TOKEN)$/.test(name) ? "k" : undefined;
  },
  [{ id: "my-deepseek", baseUrl: "http://deepseek.invalid", protocol: "openai-compatible" }],
);

describe("the cost of a recorded usage, to the micro-dollar and beyond", () => {
  test.each(ROWS.map((row) => [row.protocol, row.what, row] as const))("%s: %s", (_, __, row) => {
    const [provider, model] = row.engine;
    const [engine] = registry.resolve([{ provider, model, label: model }]);
    if (engine === undefined) throw new Error("no engine");
    const at = row.at === undefined ? undefined : Date.parse(row.at);
    for (const answer of [
      replay(row.protocol, frames(whole(row))),
      replay(row.protocol, frames(...stream(row))),
    ]) {
      expect(answer.failure).toBeUndefined();
      if (answer.usage === undefined) throw new Error("no usage was read");
      expect(answer.usage.source).toBe("exact");
      const cost = book.costUsd(engine, answer.usage, at);
      if (row.usd === undefined) expect(cost).toBeUndefined();
      else expect(cost).toBeCloseTo(row.usd, 12);
    }
  });

  test("Groq's usage under x_groq", () => {
    const usage = { prompt_tokens: 45, completion_tokens: 662, total_tokens: 707, queue_time: 0.04 };
    const answer = replay(
      "openai-compatible",
      frames(
        { choices: [{ index: 0, delta: { role: "assistant", content: "Hi" } }], x_groq: { id: "req" } },
        { choices: [{ index: 0, delta: {}, finish_reason: "stop" }], x_groq: { id: "req", usage } },
      ),
    );
    const [engine] = registry.resolve([{ provider: "groq", model: "llama-3.3-70b-versatile", label: "l" }]);
    if (engine === undefined || answer.usage === undefined) throw new Error("nothing to price");
    expect(book.costUsd(engine, answer.usage)).toBeCloseTo((45 * 0.59 + 662 * 0.79) / M, 12);
  });
});
