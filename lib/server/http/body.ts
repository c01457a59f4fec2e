import type { z } from "zod";
import type { BodyRoom } from "#lib/server/http/body-budget.ts";
import { BodyReader, notCompressed } from "#lib/server/http/body-reader.ts";
import { type FormField, readMultipart } from "#lib/server/http/multipart.ts";
import { GatewayError } from "#lib/shared/errors.ts";
import { LARGE_BODY, othersTurn } from "#lib/shared/event-loop.ts";
import { makeWellFormed, parseJson } from "#lib/shared/json.ts";

/**
 * The JSON body of a request, validated. Its limits are enforced while it arrives, whatever Content-Length
 * says. Throws `unsupported_media_type`, `payload_too_large`, `invalid_request` with the fields that are wrong,
 * or, if memory is short, `rate_limited` or `overloaded`.
 *
 * @param room takes the memory for the body; the caller releases it.
 * @param whenEmpty what a request without a body counts as; by default it is refused.
 * @param expected the media types that the operation takes, for the error.
 */
export async function readJson<Schema extends z.ZodType>(
  request: Request,
  schema: Schema,
  maxBytes: number,
  room: BodyRoom,
  {
    whenEmpty,
    expected = "application/json",
  }: { whenEmpty?: object | undefined; expected?: string | undefined } = {},
): Promise<z.infer<Schema>> {
  assertPlainJson(request.headers, expected);
  const body = new BodyReader(maxBytes, room);
  await body.read(request);
  const isLarge = body.bytes > LARGE_BODY;
  const bytes = body.whole();
  if (isLarge) await othersTurn();
  const text = decodeUtf8(bytes);
  if (isLarge) await othersTurn();
  const value = body.bytes === 0 && whenEmpty !== undefined ? whenEmpty : parseJson(text);
  if (value === undefined) throw new GatewayError("invalid_request", "The body is not valid JSON.");
  if (isLarge) {
    await othersTurn();
    makeWellFormed(value);
    await othersTurn();
  }
  const parsed = schema.safeParse(value);
  if (isLarge) await othersTurn();
  if (parsed.success) return parsed.data;
  throw invalidInput(parsed.error);
}

/**
 * The fields of a form, with its files. Limits and errors as of `readJson`, but for the JSON.
 */
export async function readForm(request: Request, maxBytes: number, room: BodyRoom): Promise<FormField[]> {
  assertPlain(request.headers);
  const body = new BodyReader(maxBytes, room, "bytes");
  await body.read(request);
  const bytes = body.whole();
  await othersTurn();
  return readMultipart(bytes, request.headers);
}

/**
 * The bytes of a body as they came, for what is signed. It has to be JSON within the limits of `readJson`; whether it
 * can be parsed is not looked at. Throws as that does.
 */
export async function readBytes(request: Request, maxBytes: number, room: BodyRoom): Promise<Buffer> {
  assertPlain(request.headers);
  const body = new BodyReader(maxBytes, room);
  await body.read(request);
  return body.whole();
}

function assertPlain(headers: Headers): void {
  const encoding = headers.get("content-encoding");
  if (encoding !== null && !/^\s*identity\s*$/i.test(encoding)) throw notCompressed(encoding);
}

/** A missing Content-Type is accepted: parsing shows whether the body is JSON. */
function assertPlainJson(headers: Headers, expected: string): void {
  assertPlain(headers);
  const type = headers.get("content-type");
  if (type !== null && !/^application\/(?:[\w.+-]+\+)?json\b/i.test(type)) {
    throw new GatewayError("unsupported_media_type", `Send the body as ${expected}.`);
  }
}

/** What a schema found wrong in what a client sent, in words. */
export function invalidInput(error: z.ZodError): GatewayError {
  const issues = error.issues.slice(0, 10).map((issue) => plainIssue(issue));
  const [first] = issues;
  const where = first === undefined || first.field === "" ? "The body" : `"${first.field}"`;
  const message = `${where}: ${first?.problem ?? "is wrong"}.`.replace(/\.\.$/, ".");
  return new GatewayError("invalid_request", message, { details: { issues } });
}

/** The issue in words. If a value fits none of several shapes, the issue of the closest one. */
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

/** How deep in the value the issue lies: the shape with the deepest issue fits best. */
function depth(issue: z.core.$ZodIssue): number {
  const inner = issue.code === "invalid_union" ? issue.errors.map((branch) => branch.map(depth)) : [];
  // A shape with the right type is closer than one with another.
  const isType = issue.path.at(-1) === "type";
  return issue.path.length - (isType ? 0.5 : 0) + Math.max(0, ...inner.flat());
}

const decoder = new TextDecoder("utf-8", { fatal: true });

/** Decodes the whole body at once, so that one decoder without state serves all bodies. */
function decodeUtf8(bytes: Buffer): string {
  try {
    return decoder.decode(bytes);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new GatewayError("invalid_request", "The body is not valid UTF-8.", { cause: error });
  }
}
