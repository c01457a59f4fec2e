import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { ProtocolId } from "#lib/providers/vendors/provider.ts";
import { parseJson, stringField } from "#lib/shared/json.ts";
import { type Answer, replay } from "../../support/replay.ts";
import { chunkings, readMessages } from "../../support/split-everywhere.ts";

/** One row of `expected.json`; where its values come from stands in the README beside it. */
type Expected =
  | { file: string; failure: string }
  | {
      file: string;
      failure?: undefined;
      text: string;
      reasoning: string;
      toolCalls: { id: string; name: string; arguments: unknown }[];
      finish: string;
      native: string;
      signatures: number;
      sources: number;
      usage: {
        prompt: number;
        completion: number;
        cached: number;
        cacheWrite: number;
        reasoning: number;
        costUsd?: number;
      } | null;
    };

const ROOT = new URL("../../fixtures/providers/", import.meta.url);
const EXPECTED = JSON.parse(readFileSync(new URL("expected.json", ROOT), "utf8")) as Expected[];

const isStream = ({ file }: Expected): boolean => !file.endsWith(".json");

function protocolOf(file: string): ProtocolId {
  if (file.startsWith("anthropic/")) return "anthropic";
  if (file.startsWith("openai-responses/")) return "openai-responses";
  return file.startsWith("gemini/") ? "gemini" : "openai-compatible";
}

/** The stream as it came over the wire: recordings of bare payloads get their framing back. */
function streamBytes(file: string): Uint8Array {
  const raw = readFileSync(new URL(file, ROOT));
  if (!file.endsWith(".chunks.txt")) return raw;
  const lines = raw.toString("utf8").split("\n");
  const framed = lines.flatMap((line) => {
    if (line.trim() === "") return [];
    const event = protocolOf(file) === "anthropic" ? `event: ${stringField(parseJson(line), "type")}\n` : "";
    return [`${event}data: ${line}\n\n`];
  });
  return Buffer.from(framed.join(""));
}

/** What was read, in the words of the table. */
function described(answer: Answer): unknown {
  if (answer.failure !== undefined) return { failure: answer.failure.kind };
  const { usage } = answer;
  return {
    text: answer.text,
    reasoning: answer.reasoning,
    toolCalls: answer.toolCalls.map(({ id, name, arguments: json }) => ({
      id: id.startsWith("minted-") ? "" : id,
      name,
      arguments: parseJson(json),
    })),
    finish: answer.finish?.reason,
    native: answer.finish?.native,
    signatures: answer.signatures.length,
    sources: answer.sources.length,
    usage:
      usage === undefined
        ? null
        : {
            prompt: usage.promptTokens,
            completion: usage.completionTokens,
            cached: usage.cachedTokens,
            cacheWrite: usage.cacheWriteTokens,
            reasoning: usage.reasoningTokens,
            ...(usage.reportedCostUsd === undefined ? {} : { costUsd: usage.reportedCostUsd }),
          },
  };
}

function expectRecorded(row: Expected, answer: Answer): void {
  const { file: _file, ...expected } = row;
  expect(described(answer)).toEqual(expected);
  expect(answer.malformed).toBe(0);
  if (answer.usage !== undefined) expect(answer.usage.source).toBe("exact");
}

describe("recorded streams read the same wherever the network cuts them", () => {
  test.each(EXPECTED.filter(isStream))("$file", (row) => {
    const protocol = protocolOf(row.file);
    let reference = "";
    for (const { name, chunks } of chunkings(streamBytes(row.file))) {
      const messages = readMessages(chunks, true);
      // The decoder sees messages only: the same messages are the same answer.
      const key = JSON.stringify(messages);
      if (reference === "") {
        expectRecorded(row, replay(protocol, messages));
        reference = key;
      }
      expect(key === reference, name).toBe(true);
    }
  });
});

describe("recorded bodies that were not streamed", () => {
  test.each(EXPECTED.filter((row) => !isStream(row)))("$file", (row) => {
    const data = readFileSync(new URL(row.file, ROOT), "utf8");
    expectRecorded(row, replay(protocolOf(row.file), [{ data }]));
  });
});

test("every recording is in the table", () => {
  const folders = readdirSync(ROOT, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  const files = folders.flatMap(({ name }) =>
    readdirSync(new URL(`${name}/`, ROOT)).map((file) => `${name}/${file}`),
  );
  expect(EXPECTED.map((row) => row.file).sort()).toEqual(files.sort());
});
