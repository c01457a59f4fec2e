import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { saysAnthropic } from "../support/anthropic-upstream.ts";
import type { FakeUpstream } from "../support/fake-upstream.ts";
import { saysGemini } from "../support/gemini-upstream.ts";
import { says } from "../support/scripted-answers.ts";
import { type PROXY_ROUTES, startWireGateway, type WireEngine, type WireGateway } from "./wire-gateway.ts";

type ProxyRoute = (typeof PROXY_ROUTES)[number];

const PDF = Buffer.from("%PDF-1.4 the contents").toString("base64");
const PDF_URL = `data:application/pdf;base64,${PDF}`;
const LINK = "https://files.example/report.pdf";
const NOTES = "Remember the milk";
const NOTES_DATA = Buffer.from(NOTES).toString("base64");

const seen = says({ text: ["Seen."] });
const anthropic = saysAnthropic([{ type: "text", pieces: ["Seen."] }]);
const ENGINES = [
  { vendor: "anthropic", model: "claude-sonnet-4-5", script: anthropic },
  { vendor: "gemini-grounded", model: "gemini-3.8-flash", script: saysGemini({ text: "Seen." }) },
  { vendor: "openai", model: "gpt-4.1", script: seen },
  { vendor: "openrouter", model: "deepseek/deepseek-v3.2", script: seen },
  { vendor: "mistral", model: "mistral-small-2603", script: seen },
  { vendor: "groq", model: "llama-3.3-70b-versatile", script: seen },
  { vendor: "cerebras", model: "gpt-oss-120b", script: seen },
  { vendor: "sambanova", model: "DeepSeek-V3.2", script: seen },
  { vendor: "cohere", model: "command-a-03-2025", script: seen },
  { vendor: "own", model: "qwen3-32b", script: seen },
] as const satisfies readonly WireEngine[];
type VendorName = (typeof ENGINES)[number]["vendor"];

let wire: WireGateway;

beforeAll(async () => {
  wire = await startWireGateway(ENGINES);
});

beforeEach(() => {
  for (const upstream of wire.upstreams) upstream.requests.length = 0;
});

afterAll(() => wire.stop());

function upstreamOf(vendor: VendorName): FakeUpstream {
  const found = wire.upstreams[ENGINES.findIndex((engine) => engine.vendor === vendor)];
  if (found === undefined) throw new Error(`There is no ${vendor}.`);
  return found;
}

function nameOf(vendor: VendorName): string {
  const index = ENGINES.findIndex((engine) => engine.vendor === vendor);
  return `${vendor === "own" ? `own-${index}` : vendor}/${ENGINES[index]?.model}`;
}

/** How a client of each route asks about something. */
type Ask = { route: ProxyRoute; form: string; body: (name: string) => Record<string, unknown> };

const QUESTION = { type: "text", text: "What does it say?" };

function chat(form: string, part: unknown): Ask {
  return {
    route: "v1/chat/completions",
    form,
    body: (model) => ({ model, messages: [{ role: "user", content: [QUESTION, part] }] }),
  };
}

function messages(form: string, block: unknown): Ask {
  return {
    route: "v1/messages",
    form,
    body: (model) => ({ model, messages: [{ role: "user", content: [block, QUESTION] }], max_tokens: 100 }),
  };
}

function responses(form: string, part: unknown): Ask {
  const content = [{ type: "input_text", text: "What does it say?" }, part];
  return { route: "v1/responses", form, body: (model) => ({ model, input: [{ role: "user", content }] }) };
}

/** The document is the result of a tool. */
function inResult(route: ProxyRoute, part: unknown): Ask {
  const form = "in a tool result";
  const tool = { name: "read", description: "Reads a file" };
  const schema = { type: "object", properties: {} };
  if (route === "v1/messages") {
    const content = [
      { role: "user", content: "What does it say?" },
      { role: "assistant", content: [{ type: "tool_use", id: "toolu_1", name: "read", input: {} }] },
      { role: "user", content: [{ type: "tool_result", tool_use_id: "toolu_1", content: [part] }] },
    ];
    const tools = [{ ...tool, input_schema: schema }];
    return { route, form, body: (model) => ({ model, messages: content, tools, max_tokens: 100 }) };
  }
  if (route === "v1/responses") {
    const input = [
      { role: "user", content: "What does it say?" },
      { type: "function_call", call_id: "call_1", name: "read", arguments: "{}" },
      { type: "function_call_output", call_id: "call_1", output: [part] },
    ];
    return {
      route,
      form,
      body: (model) => ({ model, input, tools: [{ type: "function", ...tool, parameters: schema }] }),
    };
  }
  const call = { id: "call_1", type: "function", function: { name: "read", arguments: "{}" } };
  const history = [
    { role: "user", content: "What does it say?" },
    { role: "assistant", content: null, tool_calls: [call] },
    { role: "tool", tool_call_id: "call_1", content: [part] },
  ];
  const tools = [{ type: "function", function: { ...tool, parameters: schema } }];
  return { route, form, body: (model) => ({ model, messages: history, tools }) };
}

const base64Block = {
  type: "document",
  source: { type: "base64", media_type: "application/pdf", data: PDF },
  title: "report.pdf",
};
const filePart = { type: "file", file: { filename: "report.pdf", file_data: PDF_URL } };
const inputFile = { type: "input_file", filename: "report.pdf", file_data: PDF_URL };

const WITH_DATA: readonly Ask[] = [
  chat("file", filePart),
  chat("file of bare base64", { type: "file", file: { filename: "report.pdf", file_data: PDF } }),
  chat("file without a name", { type: "file", file: { file_data: PDF_URL } }),
  chat("octets that are a PDF", {
    type: "file",
    file: { file_data: `data:application/octet-stream;base64,${PDF}` },
  }),
  chat("Responses' input_file", inputFile),
  chat("Anthropic's document", base64Block),
  chat("Mistral's document_url", { type: "document_url", document_url: PDF_URL }),
  responses("input_file", inputFile),
  responses("input_file without a name", { type: "input_file", file_data: PDF_URL }),
  messages("document", base64Block),
  inResult("v1/chat/completions", filePart),
  inResult("v1/responses", inputFile),
  inResult("v1/messages", base64Block),
];

const WITH_LINK: readonly Ask[] = [
  chat("file with an address as data (OpenRouter)", { type: "file", file: { file_data: LINK } }),
  chat("Mistral's document_url", { type: "document_url", document_url: { url: LINK } }),
  responses("input_file with file_url", { type: "input_file", file_url: LINK }),
  messages("document by url", { type: "document", source: { type: "url", url: LINK } }),
  inResult("v1/messages", { type: "document", source: { type: "url", url: LINK } }),
];

const TITLE = { title: "notes" };
const PLAIN: readonly Ask[] = [
  chat("file of text/plain", {
    type: "file",
    file: { filename: "notes", file_data: `data:text/plain;base64,${NOTES_DATA}` },
  }),
  chat("file named .md", { type: "file", file: { filename: "notes.md", file_data: NOTES_DATA } }),
  chat("a data URL without base64", {
    type: "file",
    file: { file_data: `data:text/plain;charset=utf-8,${encodeURIComponent(NOTES)}` },
  }),
  responses("input_file of text", {
    type: "input_file",
    filename: "notes.csv",
    file_data: `data:text/csv;base64,${NOTES_DATA}`,
  }),
  messages("document of text", {
    type: "document",
    source: { type: "text", media_type: "text/plain", data: NOTES },
    ...TITLE,
  }),
  messages("document of blocks", {
    type: "document",
    source: { type: "content", content: [{ type: "text", text: NOTES }] },
    ...TITLE,
  }),
  messages("document of one string", { type: "document", source: { type: "content", content: NOTES } }),
  messages("search result", {
    type: "search_result",
    source: "https://a.example",
    title: "Notes",
    content: [{ type: "text", text: NOTES }],
  }),
  inResult("v1/messages", { type: "document", source: { type: "text", data: NOTES } }),
  inResult("v1/chat/completions", {
    type: "file",
    file: { filename: "notes.txt", file_data: NOTES_DATA },
  }),
];

/** What each engine gets of a PDF; undefined: it takes none. */
const PDF_AT: Readonly<Record<VendorName, unknown>> = {
  anthropic: { type: "document", source: { type: "base64", media_type: "application/pdf", data: PDF } },
  "gemini-grounded": { inlineData: { mimeType: "application/pdf", data: PDF } },
  openai: { type: "file", file: { file_data: PDF_URL } },
  openrouter: { type: "file", file: { file_data: PDF_URL } },
  mistral: { type: "document_url", document_url: PDF_URL },
  groq: undefined,
  cerebras: undefined,
  sambanova: undefined,
  cohere: undefined,
  own: undefined,
};
const LINK_AT: Readonly<Partial<Record<VendorName, unknown>>> = {
  anthropic: { type: "document", source: { type: "url", url: LINK } },
  openrouter: { type: "file", file: { file_data: LINK } },
  mistral: { type: "document_url", document_url: LINK },
};
const VENDORS = ENGINES.map(({ vendor }) => vendor);

/** All objects in a JSON value. */
function objectsIn(value: unknown): unknown[] {
  if (typeof value !== "object" || value === null) return [];
  return [value, ...Object.values(value).flatMap(objectsIn)];
}

function bodyAt(vendor: VendorName): unknown {
  return upstreamOf(vendor).requests.at(-1)?.json;
}

function expectArrived(vendor: VendorName, part: unknown): void {
  expect(objectsIn(bodyAt(vendor))).toContainEqual(expect.objectContaining(deepObject(part)));
}

/** The objects inside may have further fields (a file name). */
function deepObject(value: unknown): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(value as Record<string, unknown>).map(([name, inner]) => [
      name,
      typeof inner === "object" && inner !== null ? expect.objectContaining(deepObject(inner)) : inner,
    ]),
  );
}

async function post({ route, body }: Ask, names: readonly VendorName[], stream = false) {
  const [first = "groq", ...others] = names;
  const models = others.length === 0 ? {} : { models: [first, ...others].map(nameOf) };
  return wire.ask(route, stream, { ...body(nameOf(first)), ...models });
}

describe("W24: a document arrives, or its engine is not asked", () => {
  describe.each([
    ["a PDF", WITH_DATA, PDF_AT],
    ["a link to a PDF", WITH_LINK, LINK_AT],
  ] as const)("%s", (_what, asks, wanted) => {
    const cases = asks.flatMap((ask) => VENDORS.map((vendor) => ({ ...ask, ask, vendor })));
    test.each(cases)("$route, $form, to $vendor", async ({ ask, vendor }) => {
      const part = (wanted as Partial<Record<VendorName, unknown>>)[vendor];
      for (const stream of [true, false]) {
        const reply = await post(ask, [vendor], stream);
        if (part === undefined) {
          expect(reply.status).toBe(400);
          expect(reply.error?.["message"]).toMatch(/documents?|document_urls/);
          expect(upstreamOf(vendor).requests).toHaveLength(0);
        } else {
          expect(reply).toMatchObject({ status: 200, text: "Seen." });
          expectArrived(vendor, part);
          expect(reply.headers.get("x-sarmalink-dropped")).toBeNull();
        }
      }
    });
  });

  test.each(PLAIN.flatMap((ask) => VENDORS.map((vendor) => ({ ...ask, ask, vendor }))))(
    "a text is read by every engine: $route, $form, to $vendor",
    async ({ ask, vendor }) => {
      const reply = await post(ask, [vendor]);
      expect(reply).toMatchObject({ status: 200, text: "Seen." });
      expect(JSON.stringify(bodyAt(vendor))).toContain(NOTES);
    },
  );

  test.each(["v1/chat/completions", "v1/responses"] as const)(
    "an engine that takes none is passed over, on %s",
    async (route) => {
      const ask = WITH_DATA.find((one) => one.route === route);
      const reply = await post(ask as Ask, ["groq", "own", "anthropic"]);
      expect(reply).toMatchObject({ status: 200, text: "Seen." });
      expect(reply.headers.get("x-sarmalink-engine")).toBe(nameOf("anthropic"));
      expect(upstreamOf("groq").requests).toHaveLength(0);
      expect(upstreamOf("own").requests).toHaveLength(0);
    },
  );

  test("what a chain's engine cannot read is read by another of the chain, on messages", async () => {
    const reply = await wire.ask("v1/messages", true, messages("document", base64Block).body("smart"));
    expect(reply.headers.get("x-sarmalink-provider")).toBe("anthropic");
  });

  const office = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";
  test.each([
    chat("docx", { type: "file", file: { filename: "a.docx", file_data: `data:${office};base64,UEsDBA==` } }),
    responses("docx", { type: "input_file", filename: "a.docx", file_data: "UEsDBA==" }),
    chat("stored elsewhere", { type: "file", file: { file_id: "file-1" } }),
    messages("stored elsewhere", { type: "document", source: { type: "file", file_id: "file_1" } }),
    messages("image stored elsewhere", { type: "image", source: { type: "file", file_id: "file_1" } }),
    messages("container upload", { type: "container_upload", file_id: "file_1" }),
    chat("video", { type: "video_url", video_url: { url: "https://a.example/b.mp4" } }),
    responses("image stored elsewhere", { type: "input_image", file_id: "file-1" }),
    responses("stored elsewhere", { type: "input_file", file_id: "file-1" }),
  ])("what Groq cannot read is 400, and not left out: $route, $form", async (ask) => {
    const reply = await post(ask, ["groq"]);
    expect(reply.status).toBe(400);
    expect(reply.error).toMatchObject({ message: expect.stringMatching(/send|leave/i) });
    expect(upstreamOf("groq").requests).toHaveLength(0);
  });

  test("what Responses has no form for is not sent to a model that is called there", async () => {
    const video = chat("video", { type: "video_url", video_url: { url: "https://a.example/b.mp4" } });
    const reply = await wire.ask("v1/chat/completions", false, video.body("openai/gpt-5.6-sol"));
    expect(reply.status).toBe(400);
    expect(upstreamOf("openai").requests).toHaveLength(0);
  });

  test.each([
    chat("no data", { type: "file", file: { filename: "a.pdf", file_data: "" } }),
    chat("a local file", { type: "document_url", document_url: "file:///etc/passwd" }),
    messages("http", { type: "document", source: { type: "url", url: "http://10.0.0.1/a.pdf" } }),
    responses("not base64", { type: "input_file", file_data: "data:application/pdf;base64,%%%" }),
  ])("a file that cannot be used is 400 with its place: $route, $form", async (ask) => {
    const reply = await post(ask, ["anthropic"]);
    expect(reply.status).toBe(400);
    expect(reply.error?.["message"]).toMatch(/(?:messages|input)\.0\.content\.[01]/);
  });

  test("what belongs to a document goes to its own API as it is", async () => {
    const block = {
      ...base64Block,
      context: "From 2024",
      citations: { enabled: true },
      cache_control: { type: "ephemeral", ttl: "1h", scope: "global" },
      novelty: [1],
    };
    const reply = await post(messages("document", block), ["anthropic"]);
    expect(reply.status).toBe(200);
    expect(objectsIn(bodyAt("anthropic"))).toContainEqual(block);
    const other = await post(messages("document", block), ["openai"]);
    expect(other.headers.get("x-sarmalink-dropped")).toBe(
      "document.context, document.citations, document.novelty",
    );
  });
});

describe("W24: images and recordings", () => {
  const image = "https://pictures.example/cat.png";
  const asks = [
    chat("image_url", { type: "image_url", image_url: { url: image } }),
    responses("input_image", { type: "input_image", image_url: image }),
    messages("image by url", { type: "image", source: { type: "url", url: image } }),
    inResult("v1/messages", { type: "image", source: { type: "url", url: image } }),
  ];
  test.each(asks)("Gemini fetches no image: $route, $form", async (ask) => {
    const alone = await post(ask, ["gemini-grounded"]);
    expect(alone.status).toBe(400);
    expect(alone.error?.["message"]).toContain("data: URL");
    expect(upstreamOf("gemini-grounded").requests).toHaveLength(0);
    for (const vendor of ["openai", "anthropic"] as const) {
      expect((await post(ask, [vendor])).status).toBe(200);
      expect(JSON.stringify(bodyAt(vendor))).toContain(image);
    }
  });

  const audio = { type: "input_audio", input_audio: { data: "UklGRg==", format: "wav" } };
  test.each([chat("audio", audio), responses("audio", audio)])(
    "a recording is heard or refused: $route",
    async (ask) => {
      for (const vendor of ["gemini-grounded", "own"] as const) {
        expect((await post(ask, [vendor])).status).toBe(200);
        expect(JSON.stringify(bodyAt(vendor))).toContain("UklGRg==");
      }
      for (const vendor of ["openai", "groq", "anthropic", "mistral", "openrouter"] as const) {
        expect((await post(ask, [vendor])).status).toBe(400);
        expect(upstreamOf(vendor).requests).toHaveLength(0);
      }
    },
  );
});
