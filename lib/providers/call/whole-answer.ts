import type { EngineAnswer } from "#lib/providers/call/engine-call.ts";
import type { UpstreamResponse } from "#lib/providers/call/upstream.ts";
import { readProviderError } from "#lib/providers/failures/error-body.ts";
import { badResponse, EngineFailure } from "#lib/providers/failures/failure.ts";
import { classifyErrorObject } from "#lib/providers/failures/provider-error.ts";
import type { MediaAnswer } from "#lib/providers/protocols/media-answer.ts";
import { asBuffer } from "#lib/shared/bytes.ts";
import { parseJson } from "#lib/shared/json.ts";
import { ANSWER_LIMITS } from "#lib/shared/json-depth.ts";
import { JsonScan } from "#lib/shared/json-scan.ts";
import { decodeLenient } from "#lib/shared/text.ts";

/** The longest answer other than chat, in bytes: about the size of 2048 vectors of 3072 numbers. */
const MAX_BYTES = 128 * 1024 * 1024;
const MIN_BYTES_A_NUMBER = 10;

/**
 * Reads an answer that is one JSON body, to its end. `read` returns undefined for a body of another shape.
 * Throws `EngineFailure`.
 * @param maxBytes the size that the expected answer can have.
 */
export async function readWholeJson<Value>(
  { response, context, abort }: EngineAnswer,
  maxBytes: number,
  read: (body: unknown) => Value | undefined,
): Promise<Value> {
  const limit = Math.min(maxBytes, MAX_BYTES);
  const scan = new JsonScan({ ...ANSWER_LIMITS, maxValues: valuesOf(limit) });
  const chunks = await readChunks(response, limit, (chunk) => {
    if (scan.push(asBuffer(chunk)) !== undefined) throw badResponse("The engine's answer was too complex.");
  });
  const body = parseJson(decodeLenient(chunks));
  const value = read(body);
  if (value === undefined) {
    throw readProviderError(body) === undefined
      ? badResponse("The engine's answer has an unexpected format.")
      : new EngineFailure(classifyErrorObject(body, context));
  }
  abort.unlink();
  return value;
}

/**
 * Reads an answer that is JSON or binary, to its end. `read` returns undefined for an answer of another shape.
 * A web page is none. Throws `EngineFailure`.
 * @param maxBytes a longer answer is rejected, and no more than this is held in memory.
 */
export async function readWholeMedia<Value>(
  answer: EngineAnswer,
  maxBytes: number,
  read: (answer: MediaAnswer) => Value | undefined,
): Promise<Value> {
  const { response, abort } = answer;
  const contentType = response.header("content-type") ?? "application/octet-stream";
  if (/^(?:application\/(?:[\w.+-]+\+)?json|text\/)/i.test(contentType)) {
    return readWholeJson(answer, maxBytes, (body) => read({ kind: "json", body }));
  }
  const chunks = await readChunks(response, Math.min(maxBytes, MAX_BYTES), () => undefined);
  const bytes = Buffer.concat(chunks);
  if (bytes.length === 0) {
    throw new EngineFailure({ kind: "no_answer", reason: "The engine's answer was empty." });
  }
  const value = read({ kind: "bytes", bytes, contentType });
  if (value === undefined) throw badResponse("The engine's answer has an unexpected format.");
  abort.unlink();
  return value;
}

/** All chunks of a body; `check` sees each as it arrives. */
async function readChunks(
  { body }: UpstreamResponse,
  maxBytes: number,
  check: (chunk: Uint8Array) => void,
): Promise<Uint8Array[]> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for (let chunk = await body.read(); chunk !== null; chunk = await body.read()) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw badResponse("The engine's answer was too long.");
    check(chunk);
    chunks.push(chunk);
  }
  return chunks;
}

/** How many JSON values so many bytes can hold: the numbers of vectors have ten digits or more each. */
function valuesOf(bytes: number): number {
  return 10_000 + bytes / MIN_BYTES_A_NUMBER;
}
