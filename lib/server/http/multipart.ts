import { GatewayError } from "#lib/shared/errors.ts";

/** A field of a form; of a file, `fileName` as its sender wrote it. `bytes` are a part of the body, not a copy. */
export type FormField = { name: string; fileName: string | undefined; bytes: Buffer };

/** More parts, or longer headers of one, are no form that a person has filled in. */
const MAX_PARTS = 50;
const MAX_PART_HEADERS = 8 * 1024;
const MAX_BOUNDARY = 70;

const LINE_END = "\r\n";
const HEADERS_END = Buffer.from("\r\n\r\n");

/** Whether a request's body is a form with files. */
export function isMultipart(headers: Headers): boolean {
  return /^multipart\/form-data\b/i.test(headers.get("content-type") ?? "");
}

/**
 * The fields of a `multipart/form-data` body (RFC 7578), in order. Takes time in proportion to the body, and copies
 * none of it: the platform's `formData()` copies twice, and its time grows with the parts that a client makes up.
 * Throws `invalid_request` for a body that is none, or has been cut off.
 */
export function readMultipart(body: Buffer, headers: Headers): FormField[] {
  const delimiter = Buffer.from(`${LINE_END}--${boundaryOf(headers)}`, "latin1");
  const fields: FormField[] = [];
  // The first delimiter may be without the line end that belongs to all others.
  const opening = delimiter.subarray(LINE_END.length);
  const isAtStart = body.subarray(0, opening.length).equals(opening);
  let at = isAtStart ? opening.length : after(body.indexOf(delimiter), delimiter);
  while (!isClosing(body, at)) {
    if (fields.length === MAX_PARTS) throw wrong(`The form has more than ${MAX_PARTS} fields.`);
    const start = after(body.indexOf(LINE_END, at, "latin1"), LINE_END);
    const next = body.indexOf(delimiter, start - LINE_END.length);
    if (next === -1) throw wrong("The form breaks off.");
    fields.push(fieldOf(body.subarray(start, Math.max(start, next))));
    at = next + delimiter.length;
  }
  return fields;
}

function boundaryOf(headers: Headers): string {
  const type = (headers.get("content-type") ?? "").slice(0, 1_000);
  const [, quoted, plain] = /;\s{0,20}boundary=(?:"([^"]{1,200})"|([^\s;"]{1,200}))/i.exec(type) ?? [];
  const boundary = quoted ?? plain ?? "";
  if (boundary === "" || boundary.length > MAX_BOUNDARY)
    throw wrong("The form's Content-Type has no boundary.");
  return boundary;
}

function after(index: number, mark: { length: number }): number {
  if (index === -1) throw wrong("The body is not a form, or breaks off.");
  return index + mark.length;
}

/** The last delimiter is followed by two hyphens. */
function isClosing(body: Buffer, at: number): boolean {
  if (at + 2 > body.length) throw wrong("The form breaks off.");
  return body[at] === HYPHEN && body[at + 1] === HYPHEN;
}
const HYPHEN = 0x2d;

function fieldOf(part: Buffer): FormField {
  const end = part.subarray(0, MAX_PART_HEADERS).indexOf(HEADERS_END);
  if (end === -1) throw wrong("A field of the form has no headers, or too long ones.");
  const disposition = part
    .subarray(0, end)
    .toString("utf8")
    .split(LINE_END)
    .find((line) => /^content-disposition:\s{0,20}form-data\b/i.test(line));
  const name = parameter(disposition ?? "", "name");
  if (disposition === undefined || name === undefined) throw wrong("A field of the form has no name.");
  const fileName = extendedParameter(disposition) ?? parameter(disposition, "filename");
  return { name, fileName, bytes: part.subarray(end + HEADERS_END.length) };
}

/** `name="value"` as browsers and curl write it. Only quotes are escaped: a backslash is part of a path. */
function parameter(line: string, name: string): string | undefined {
  const match = new RegExp(`;\\s{0,20}${name}=(?:"((?:[^"\\\\]|\\\\.)*)"|([^\\s;"]*))`, "i").exec(line);
  const value = match?.[1]?.replace(/\\"/g, '"') ?? match?.[2];
  return value?.replace(/%(?:0A|0D|22)/gi, (code) => (code === "%22" ? '"' : " "));
}

/** `filename*=UTF-8''na%C3%AFve.pdf` (RFC 5987), as Python's clients write it. */
function extendedParameter(line: string): string | undefined {
  const [, value] = /;\s{0,20}filename\*=utf-8'[^']{0,20}'([^\s;]{1,4000})/i.exec(line) ?? [];
  if (value === undefined) return undefined;
  try {
    return decodeURIComponent(value);
  } catch {
    // Malformed: the plain name counts.
    return undefined;
  }
}

function wrong(message: string): GatewayError {
  return new GatewayError("invalid_request", message);
}
