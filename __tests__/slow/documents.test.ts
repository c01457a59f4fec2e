import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { answers, type FakeUpstream, startFakeUpstream } from "../support/fake-upstream.ts";
import { startTestSupabase, type TestSupabase } from "../support/test-database.ts";
import { createKey, databaseSettings } from "../support/test-gateway.ts";
import { type HostName, type ServedGateway, serveGateway } from "./served-gateway.ts";

const FOLDER = join(import.meta.dirname, "../fixtures/documents");
const HOSTS: readonly HostName[] = ["dev", "start", "next-start"];
/** A file of each kind, and what an engine must get of it. */
const FILES = [
  ["report.pdf", "Profit will be 4.2 million euros."],
  ["cjk-named-encodings.pdf", "東京都の天気は晴れです。"],
  ["openpyxl-sales.xlsx", "[Sheet "],
  ["python-docx-contract.docx", "# Service contract"],
] as const;

let database: TestSupabase;
let upstream: FakeUpstream;

beforeAll(async () => {
  [database, upstream] = await Promise.all([startTestSupabase(), startFakeUpstream(answers("Seen."))]);
});
afterAll(async () => {
  await Promise.all([database.stop(), upstream.stop()]);
});

describe.each(HOSTS)("documents are read where the gateway is served: %s", (host) => {
  let gateway: ServedGateway;
  let key: string;

  beforeAll(async () => {
    gateway = await serveGateway(host, {
      ...databaseSettings(database),
      ENABLE_OPENAI_PROXY: "true",
      GROQ_API_KEY: "gsk-test",
      GROQ_BASE_URL: `${upstream.origin}/openai/v1`,
    });
    key = await createKey(database, (await database.signUp()).userId);
  }, 120_000);
  afterAll(async () => {
    await gateway.stop();
  });

  test.each(FILES)("%s", { timeout: 60_000 }, async (filename, text) => {
    const data = (await readFile(join(FOLDER, filename))).toString("base64");
    const part = { type: "file", file: { filename, file_data: data } };
    const response = await fetch(`${gateway.url}/api/v1/chat/completions`, {
      method: "POST",
      headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
      body: JSON.stringify({
        model: "groq/llama-3.3-70b-versatile",
        messages: [{ role: "user", content: [{ type: "text", text: "What does it say?" }, part] }],
      }),
    });
    expect(response.status, await response.clone().text()).toBe(200);
    expect(JSON.stringify(upstream.requests.at(-1)?.json)).toContain(text);
  });
});
