import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { ChatEvent } from "#lib/chat/events.ts";
import { utf16Offsets } from "#lib/providers/protocols/gemini/utf16-offsets.ts";
import { withoutBlocks } from "#lib/providers/protocols/without-blocks.ts";
import { SseReader } from "#lib/streaming/sse-reader.ts";
import { expectLinear } from "../../support/linear.ts";
import { frames, newDecoder, replay } from "../../support/replay.ts";

type Web = { uri: string; title?: string };
type Segment = { startIndex?: number; endIndex?: number; text?: string; partIndex?: number };

const grounding = (web: readonly Web[], supports: readonly [Segment, number[]][] = []) => ({
  groundingChunks: web.map((one) => ({ web: one })),
  groundingSupports: supports.map(([segment, groundingChunkIndices]) => ({ segment, groundingChunkIndices })),
});
const chunk = (text: string, groundingMetadata?: unknown, finishReason?: string) => ({
  candidates: [{ content: { role: "model", parts: [{ text }] }, groundingMetadata, finishReason, index: 0 }],
});
const bytes = (text: string): number => Buffer.byteLength(text);

const A = { uri: "https://vertexaisearch.cloud.google.com/grounding-api-redirect/AUZIYQ", title: "nu.nl" };
const B = { uri: "https://b.example/", title: "b.example" };

/** The sources of an answer in these chunks, with the passages that they support as texts. */
function told(...chunks: unknown[]) {
  const { sources, text } = replay("gemini", frames(...chunks));
  return sources.map(({ uri, cited = [] }) => [uri, cited.map(({ start, end }) => text.slice(start, end))]);
}

describe("the passages that Gemini's sources support", () => {
  test.each(["1.response.sse", "2.response.json"])("of a recorded answer: %s", (file) => {
    const path = `__tests__/fixtures/providers/gemini/pydantic-test_google_model_web_search_tool_stream.${file}`;
    const raw = readFileSync(path);
    const reader = new SseReader();
    const messages = file.endsWith("sse")
      ? [...reader.push(raw), ...reader.end()]
      : [{ data: raw.toString("utf8") }];
    const { sources, text } = replay("gemini", messages);
    const metadata = messages
      .map(
        ({ data }) =>
          JSON.parse(data) as { candidates: { groundingMetadata?: ReturnType<typeof grounding> }[] },
      )
      .flatMap(({ candidates }) => candidates.map(({ groundingMetadata }) => groundingMetadata))
      .findLast((one) => one?.groundingSupports !== undefined);
    const supports = metadata?.groundingSupports ?? [];
    expect(supports.length).toBeGreaterThan(3);
    expect(bytes(text)).toBeGreaterThan(text.length);
    for (const [index, { uri, cited = [] }] of sources.entries()) {
      expect(uri).toBe(metadata?.groundingChunks[index]?.web.uri);
      expect(cited.map(({ start, end }) => text.slice(start, end))).toEqual(
        supports.flatMap(({ segment, groundingChunkIndices }) =>
          groundingChunkIndices.includes(index) ? [segment.text] : [],
        ),
      );
    }
  });

  const before = "Überraschung 🎉: 東京 hat ";
  const passage = "37 Mio. Einwohner – 日本最大。";

  test("where characters have several bytes, with and without the passage's text", () => {
    const segment = { startIndex: bytes(before), endIndex: bytes(before + passage) };
    for (const more of [{}, { text: passage }]) {
      const metadata = grounding([A], [[{ ...segment, ...more }, [0]]]);
      expect(told(chunk(before), chunk(`${passage} Ende`), chunk("", metadata, "STOP"))).toEqual([
        [A.uri, [passage]],
      ]);
    }
  });

  const CASES: readonly [string, unknown, unknown][] = [
    [
      "an offset of zero, which is left out",
      [[{ endIndex: 4, text: "Ajax" }, [0]]],
      [
        [A.uri, ["Ajax"]],
        [B.uri, []],
      ],
    ],
    [
      "two sources for one passage",
      [[{ endIndex: 4 }, [0, 1]]],
      [
        [A.uri, ["Ajax"]],
        [B.uri, ["Ajax"]],
      ],
    ],
    [
      "offsets of another part",
      [[{ startIndex: 900, endIndex: 903, text: "won", partIndex: 1 }, [1]]],
      [
        [A.uri, []],
        [B.uri, ["won"]],
      ],
    ],
    [
      "a passage that is not there",
      [[{ startIndex: 1, endIndex: 3, text: "lost" }, [0]]],
      [
        [A.uri, []],
        [B.uri, []],
      ],
    ],
    [
      "an end behind the text",
      [[{ startIndex: 5, endIndex: 9_999 }, [0]]],
      [
        [A.uri, ["won."]],
        [B.uri, []],
      ],
    ],
    [
      "an end before the start",
      [[{ startIndex: 5, endIndex: 2 }, [0]]],
      [
        [A.uri, []],
        [B.uri, []],
      ],
    ],
    [
      "a source that is not there",
      [[{ endIndex: 4 }, [7, -1, "x"]]],
      [
        [A.uri, []],
        [B.uri, []],
      ],
    ],
    [
      "a source twice",
      [[{ endIndex: 4 }, [0, 0]]],
      [
        [A.uri, ["Ajax"]],
        [B.uri, []],
      ],
    ],
    [
      "odd offsets",
      [[{ startIndex: "1", endIndex: 1.5 }, [0]]],
      [
        [A.uri, []],
        [B.uri, []],
      ],
    ],
  ];
  test.each(CASES)("with %s", (_, supports, expected) => {
    const metadata = grounding([A, B], supports as [Segment, number[]][]);
    expect(told(chunk("Ajax won."), chunk("", metadata, "STOP"))).toEqual(expected);
  });

  test.each([
    null,
    5,
    "x",
    [],
    {},
    { groundingChunks: 1, groundingSupports: {} },
    { groundingChunks: [null, 1, {}, { web: 1 }], groundingSupports: [null] },
  ])("odd metadata is no source: %j", (metadata) => {
    expect(told(chunk("Ajax won.", metadata, "STOP"))).toEqual([]);
  });

  test("thoughts do not count", () => {
    const thought = {
      candidates: [{ content: { parts: [{ text: "Let me search 🎉.", thought: true }] }, index: 0 }],
    };
    const metadata = grounding([A], [[{ endIndex: 4 }, [0]]]);
    expect(told(thought, chunk("Ajax won."), chunk("", metadata, "STOP"))).toEqual([[A.uri, ["Ajax"]]]);
  });
});

describe("sources", () => {
  test("metadata that is repeated names each page once, in the order in which they came", () => {
    expect(
      told(
        chunk("Ajax ", {}),
        chunk("won", grounding([A])),
        chunk(".", grounding([A, B])),
        chunk("", grounding([B, A, A]), "STOP"),
        chunk("", grounding([A, B])),
      ),
    ).toEqual([
      [A.uri, []],
      [B.uri, []],
    ]);
  });

  test.each(["javascript:alert(1)", "data:text/html,x", "ftp://a.example/", "", "x"])(
    "no link that is %s",
    (uri) => {
      expect(told(chunk("Ajax won.", grounding([{ uri }]), "STOP"))).toEqual([]);
      const annotation = { type: "url_citation", url_citation: { url: uri, title: "x" } };
      const delta = {
        choices: [{ index: 0, delta: { content: "x", annotations: [annotation] }, finish_reason: "stop" }],
      };
      expect(replay("openai-compatible", frames(delta)).sources).toEqual([]);
    },
  );

  test("of hostile metadata in every chunk are bounded, and cost linear time", () => {
    const text = "é".repeat(1_000);
    const chunks = (count: number) =>
      Array.from({ length: count }, (_, index) =>
        JSON.stringify(
          chunk(
            text,
            grounding([{ uri: `https://a.example/${index}` }], [[{ endIndex: 5, text: "zz" }, [0]]]),
          ),
        ),
      );
    expect(
      replay(
        "gemini",
        chunks(400).map((data) => ({ data })),
      ).sources,
    ).toHaveLength(200);
    expectLinear(100, (size) => {
      const datas = chunks(size);
      return () => {
        const decoder = newDecoder("gemini");
        const out: ChatEvent[] = [];
        for (const data of datas) decoder.push(data, undefined, out);
      };
    });
  });
});

test("offsets in bytes become offsets in UTF-16 units", () => {
  const text = "aé東🎉z";
  const offsets = utf16Offsets(text, [11, 0, 1, 3, 6, 10, 99, 2, 8, 6]);
  expect(Object.fromEntries(offsets)).toEqual({ 0: 0, 1: 1, 3: 2, 6: 3, 10: 5, 11: 6, 99: 6, 2: 2, 8: 5 });
});

test("a decoder without blocks passes on everything else, and is as finished as the other", () => {
  const item = {
    type: "web_search_call",
    id: "ws_1",
    status: "completed",
    action: { type: "search", query: "q" },
  };
  const events = [
    { type: "response.created", response: { id: "r", status: "in_progress", output: [] } },
    { type: "response.output_item.added", output_index: 0, item: { ...item, status: "in_progress" } },
    { type: "response.output_item.done", output_index: 0, item },
    {
      type: "response.output_item.done",
      output_index: 1,
      item: {
        type: "message",
        role: "assistant",
        content: [
          {
            type: "output_text",
            text: "Ajax won.",
            annotations: [{ type: "url_citation", url: B.uri, title: "B", start_index: 0, end_index: 4 }],
          },
        ],
      },
    },
    { type: "response.completed", response: { id: "r", status: "completed", output: [] } },
  ];
  const read = (decoder: ReturnType<typeof newDecoder>): ChatEvent[] => {
    const out: ChatEvent[] = [];
    for (const { data } of frames(...events)) decoder.push(data, undefined, out);
    decoder.end(out);
    return out;
  };
  const plain = newDecoder("openai-responses");
  const blockless = withoutBlocks(newDecoder("openai-responses"));
  const all = read(plain);
  expect(all.map(({ type }) => type)).toEqual(["block", "text", "sources", "finish"]);
  expect(read(blockless)).toEqual(all.slice(1));
  expect([blockless.finished, blockless.done, blockless.usage]).toEqual([
    plain.finished,
    plain.done,
    plain.usage,
  ]);
});
