import type { EngineAnswer } from "#lib/providers/call/engine-call.ts";
import { EngineFailure } from "#lib/providers/failures/failure.ts";
import { classifyErrorObject } from "#lib/providers/failures/provider-error.ts";
import { asBuffer } from "#lib/shared/bytes.ts";
import { field, parseJson } from "#lib/shared/json.ts";
import { ANSWER_LIMITS } from "#lib/shared/json-depth.ts";
import { JsonScan } from "#lib/shared/json-scan.ts";
import { decodeLenient } from "#lib/shared/text.ts";

/** The longest answer that is not a chat's, in bytes: 2048 vectors of 3072 numbers are about so long. */
const MAX_BYTES = 128 * 1024 * 1024;
const MIN_BYTES_A_NUMBER = 10;

/**
 * Reads an answer that is one JSON body, to its end. `read` makes of it what was asked for, or undefined
 * when it is something else. Throws `EngineFailure`.
 * @param maxBytes as much as what was asked for can take.
 */
export async function readWholeJson<Value>(
  { response, context, abort }: EngineAnswer,
  maxBytes: number,
  read: (body: unknown) => Value | undefined,
): Promise<Value> {
  const most = Math.min(maxBytes, MAX_BYTES);
  const chunks: Uint8Array[] = [];
  const scan = new JsonScan({ ...ANSWER_LIMITS, maxValues: valuesOf(most) });
  let bytes = 0;
  for (let chunk = await response.body.read(); chunk !== null; chunk = await response.body.read()) {
    bytes += chunk.length;
    if (bytes > most) throw badResponse("The engine's answer was too long.");
    if (scan.push(asBuffer(chunk)) !== undefined) {
      throw badResponse("The engine's answer was too complex.");
    }
    chunks.push(chunk);
  }
  const body = parseJson(decodeLenient(chunks));
  const value = read(body);
  if (value === undefined) {
    throw field(body, "error") === undefined
      ? badResponse("The engine's answer was not what was asked for.")
      : new EngineFailure(classifyErrorObject(body, context));
  }
  abort.unlink();
  return value;
}

/** Numbers of vectors are written with ten digits or more, and nothing else comes in such numbers. */
function valuesOf(bytes: number): number {
  return 10_000 + bytes / MIN_BYTES_A_NUMBER;
}

function badResponse(reason: string): EngineFailure {
  return new EngineFailure({ kind: "bad_response", reason });
}
