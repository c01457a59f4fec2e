import { eraseSecret } from "#lib/plugins/secret-scrubber.ts";
import { asBuffer } from "#lib/shared/bytes.ts";
import { LARGE_BODY, othersTurn } from "#lib/shared/event-loop.ts";
import { exceedsDepth, parseJson } from "#lib/shared/json.ts";
import { JSON_LIMITS, MAX_DEPTH } from "#lib/shared/json-depth.ts";
import { JsonScan } from "#lib/shared/json-scan.ts";
import { decodeLenient } from "#lib/shared/text.ts";

/**
 * A plugin's answer as it can stand in our own JSON. So nothing of it is ever served with a type of the plugin's
 * choice from the gateway's origin: a page stays a text, and a file is base64.
 */
export type PluginAnswer = {
  status: number;
  contentType: string | null;
  encoding: "json" | "text" | "base64";
  /** The parsed JSON, the text, or the bytes as base64; null for no content. */
  data: unknown;
};

const TEXT_TYPES =
  /^(?:text\/[\w.+-]+|application\/(?:(?:x-)?(?:ndjson|jsonl|jsonlines|yaml|www-form-urlencoded)|xml|javascript|[\w.+-]+\+xml))$/;
const JSON_TYPES = /^application\/(?:[\w.+-]+\+)?json$/;
const MAX_TYPE = 200;

/**
 * @param chunks all bytes of the answer.
 * @param token erased wherever the plugin repeats it.
 */
export async function wholeAnswer(
  status: number,
  contentType: string | undefined,
  chunks: readonly Uint8Array[],
  token: string | undefined,
): Promise<PluginAnswer> {
  const bytes = Buffer.concat(chunks);
  const isLarge = bytes.length > LARGE_BODY;
  eraseSecret(bytes, token);
  const sent = { status, contentType: contentType?.slice(0, MAX_TYPE) ?? null };
  if (bytes.length === 0) return { ...sent, encoding: "text", data: null };
  const type = contentType?.split(";")[0]?.trim().toLowerCase() ?? "";
  if (JSON_TYPES.test(type)) {
    if (isLarge) await othersTurn();
    const value = parseBounded(bytes);
    if (isLarge) await othersTurn();
    return value === undefined
      ? { ...sent, encoding: "text", data: decodeLenient([bytes]) }
      : { ...sent, encoding: "json", data: value };
  }
  if (TEXT_TYPES.test(type)) return { ...sent, encoding: "text", data: decodeLenient([bytes]) };
  return { ...sent, encoding: "base64", data: asBuffer(bytes).toString("base64") };
}

/** The JSON; undefined if it is none, or so complex that parsing it would delay other requests. */
function parseBounded(bytes: Uint8Array): unknown {
  if (new JsonScan(JSON_LIMITS).push(asBuffer(bytes)) !== undefined) return undefined;
  const value = parseJson(decodeLenient([bytes]));
  return exceedsDepth(value, MAX_DEPTH) ? undefined : value;
}
