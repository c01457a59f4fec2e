import type { z } from "zod";
import { GatewayError, toGatewayError } from "#lib/shared/errors.ts";
import { exceedsDepth, parseJson } from "#lib/shared/json.ts";
import { MOST_DEPTH } from "#lib/shared/json-depth.ts";

export const MEGABYTE = 1024 * 1024;

/**
 * The JSON body of a request, validated. The cap holds while reading, whatever Content-Length says.
 * Throws `unsupported_media_type`, `payload_too_large` or `invalid_request` with the fields that are
 * wrong.
 */
export async function readJson<Schema extends z.ZodType>(
  request: Request,
  schema: Schema,
  mostBytes: number,
): Promise<z.infer<Schema>> {
  const type = request.headers.get("content-type");
  // A missing type is forgiven: the body says by itself whether it is JSON.
  if (type !== null && !/^application\/(?:[\w.+-]+\+)?json\b/i.test(type)) {
    throw new GatewayError("unsupported_media_type", "Send the body as application/json.");
  }
  const text = await readText(request, mostBytes);
  const body = parseJson(text);
  if (body === undefined) throw new GatewayError("invalid_request", "The body is not valid JSON.");
  const parsed = schema.safeParse(body);
  if (parsed.success) {
    if (!exceedsDepth(parsed.data, MOST_DEPTH)) return parsed.data;
    throw new GatewayError("invalid_request", `The body is nested more than ${MOST_DEPTH} levels deep.`);
  }
  const issues = parsed.error.issues.slice(0, 10).map((issue) => plainIssue(issue));
  const [first] = issues;
  const where = first === undefined || first.field === "" ? "The body" : `"${first.field}"`;
  throw new GatewayError(
    "invalid_request",
    `${where}: ${first?.problem ?? "is wrong"}.`.replace(/\.\.$/, "."),
    {
      details: { issues },
    },
  );
}

/** The issue in words. Of a value that none of several shapes fits, what is wrong with the closest one. */
function plainIssue(
  issue: z.core.$ZodIssue,
  parents: readonly PropertyKey[] = [],
): { field: string; problem: string } {
  const path = [...parents, ...issue.path];
  if (issue.code === "invalid_union") {
    const closest = issue.errors
      .flatMap((branch) => branch[0] ?? [])
      .reduce<z.core.$ZodIssue | undefined>(
        (best, one) => (best === undefined || depth(one) > depth(best) ? one : best),
        undefined,
      );
    if (closest !== undefined && depth(closest) > 0) return plainIssue(closest, path);
  }
  const isMissing = issue.code === "invalid_type" && issue.message.endsWith("received undefined");
  return { field: path.join("."), problem: isMissing ? "is required" : issue.message };
}

/** How far into a value the issue lies: a shape that fits so far is the one that was meant. */
function depth(issue: z.core.$ZodIssue): number {
  const inner = issue.code === "invalid_union" ? issue.errors.map((branch) => branch.map(depth)) : [];
  // Who has the right type is closer than who has another.
  const isType = issue.path.at(-1) === "type";
  return issue.path.length - (isType ? 0.5 : 0) + Math.max(0, ...inner.flat());
}

/** A request whose host collects the body by itself: a web stream costs more than all of the reading. */
export type CollectingRequest = Request & {
  /**
   * The body in the pieces it came in; undefined once it is longer than `mostBytes`, the rest being left to
   * the host. Rejects when it breaks off.
   */
  collectBody(mostBytes: number): Promise<Uint8Array[] | undefined>;
};

function collectsBody(request: Request): request is CollectingRequest {
  return "collectBody" in request && typeof request.collectBody === "function";
}

async function readText(request: Request, mostBytes: number): Promise<string> {
  const declared = Number(request.headers.get("content-length") ?? 0);
  if (declared > mostBytes) throw tooLarge(mostBytes);
  if (collectsBody(request)) {
    const chunks = await request.collectBody(mostBytes).catch(brokenOff);
    if (chunks === undefined) throw tooLarge(mostBytes);
    return decode(chunks);
  }
  if (request.body === null) return "";
  const reader = request.body.getReader();
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  while (true) {
    const { done, value } = await reader.read().catch(brokenOff);
    if (done) return decode(chunks);
    bytes += value.byteLength;
    if (bytes > mostBytes) {
      // Not waited for: the client may go on sending for as long as it likes.
      reader.cancel().catch(toGatewayError);
      throw tooLarge(mostBytes);
    }
    chunks.push(value);
  }
}

function brokenOff(cause: unknown): never {
  throw new GatewayError("client_closed_request", "The body broke off.", { cause });
}

const decoder = new TextDecoder("utf-8", { fatal: true });

function decode(chunks: readonly Uint8Array[]): string {
  const [only] = chunks;
  try {
    // All at once: then one decoder, which holds nothing back, serves every body.
    return decoder.decode(chunks.length === 1 ? only : Buffer.concat(chunks));
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new GatewayError("invalid_request", "The body is not valid UTF-8.", { cause: error });
  }
}

function tooLarge(mostBytes: number): GatewayError {
  return new GatewayError(
    "payload_too_large",
    `The body may have at most ${Math.floor(mostBytes / MEGABYTE)} MB.`,
  );
}
