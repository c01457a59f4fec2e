import type { ContentPart, DocumentPart } from "#lib/chat/request.ts";
import { GatewayError } from "#lib/shared/errors.ts";

/** A file as clients send it: its bytes or its address, and what it is called. */
export type ClientFile = {
  /** A data URL, base64, or (OpenRouter) an address. */
  data?: string | null | undefined;
  url?: string | null | undefined;
  /** Undefined: that of the data URL, else by the name or the first bytes. */
  mediaType?: string | null | undefined;
  name?: string | null | undefined;
  /** The data is the text itself. */
  isPlain?: boolean;
};

const PDF = "application/pdf";
/** Media types by the ends of names, for data without one. */
const MEDIA_TYPES: Readonly<Record<string, string>> = {
  pdf: PDF,
  txt: "text/plain",
  md: "text/markdown",
  csv: "text/csv",
  json: "application/json",
  html: "text/html",
  xml: "application/xml",
  doc: "application/msword",
  docx: "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
  xls: "application/vnd.ms-excel",
  xlsx: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
  pptx: "application/vnd.openxmlformats-officedocument.presentationml.presentation",
};
const TEXT =
  /^text\/|^application\/(?:[\w.-]+\+)?(?:json|xml|yaml|x-yaml|toml|javascript|typescript|x-sh|sql)$/;
const UNSPECIFIC: ReadonlySet<string> = new Set(["", "application/octet-stream", "binary/octet-stream"]);
/** Longer links are rejected, characters. */
const MAX_LINK = 8_192;
/** How a PDF begins, in base64 (`%PDF-`). */
const PDF_HEAD = "JVBERi";

/**
 * The part for a file: a document, or an image if that is what it is. `path` is its place in the request.
 * Throws `invalid_request` where there is neither data nor a usable address.
 */
export function filePart(file: ClientFile, path: string): ContentPart {
  const data = file.data ?? "";
  const url = file.url ?? (file.isPlain !== true && /^https?:/i.test(data) ? data : "");
  if (url !== "") return linkedFile(url, file, path);
  if (data === "") throw unusable(path, "has neither data nor an address");
  const named: Pick<DocumentPart, "name"> = file.name == null || file.name === "" ? {} : { name: file.name };
  if (file.isPlain === true) return { type: "document", source: { kind: "text", text: data }, ...named };
  const { mediaType, isBase64, payload } = split(data, file, path);
  if (mediaType.startsWith("image/") && isBase64) {
    return { type: "image", url: `data:${mediaType};base64,${payload}` };
  }
  if (TEXT.test(mediaType) || !isBase64) {
    return { type: "document", source: { kind: "text", text: decode(payload, isBase64, path) }, ...named };
  }
  const source = { kind: "url" as const, url: `data:${mediaType};base64,${payload}`, mediaType };
  return { type: "document", source, ...named, path };
}

function linkedFile(url: string, { mediaType, name }: ClientFile, path: string): ContentPart {
  if (url.startsWith("data:")) return filePart({ data: url, mediaType, name }, path);
  if (url.length > MAX_LINK || !/^https:\/\//i.test(url) || !URL.canParse(url)) {
    throw unusable(path, "must have an https: URL, or a data: URL in base64");
  }
  const type = mediaType || byName(name) || byName(new URL(url).pathname) || PDF;
  if (type.startsWith("image/")) return { type: "image", url };
  const named = name == null || name === "" ? {} : { name };
  return {
    type: "document",
    source: { kind: "url", url, mediaType: TEXT.test(type) ? PDF : type },
    ...named,
  };
}

type Payload = { mediaType: string; isBase64: boolean; payload: string };

function split(data: string, { mediaType, name }: ClientFile, path: string): Payload {
  const comma = data.startsWith("data:") ? data.slice(0, 1_000).indexOf(",") : -1;
  if (data.startsWith("data:") && comma === -1) throw unusable(path, "is not a data: URL");
  const [declared = "", ...parameters] = data.slice(5, Math.max(5, comma)).toLowerCase().split(";");
  const isBase64 = comma === -1 || parameters.includes("base64");
  const payload = data.slice(comma + 1);
  if (isBase64 && /[^A-Za-z0-9+/=_\r\n-]/.test(payload.slice(0, 1_000))) {
    throw unusable(path, "is not base64");
  }
  const known = [mediaType ?? "", declared].find((type) => !UNSPECIFIC.has(type));
  return { mediaType: known ?? (byName(name) || byContent(payload)), isBase64, payload };
}

function byName(name: string | null | undefined): string {
  const end = /\.([a-z]{2,5})$/i.exec(name ?? "")?.[1]?.toLowerCase() ?? "";
  return MEDIA_TYPES[end] ?? "";
}

function byContent(payload: string): string {
  return payload.startsWith(PDF_HEAD) ? PDF : "application/octet-stream";
}

function decode(payload: string, isBase64: boolean, path: string): string {
  if (isBase64) return Buffer.from(payload, "base64").toString("utf8");
  try {
    return decodeURIComponent(payload);
  } catch {
    throw unusable(path, "is not a valid data: URL");
  }
}

function unusable(path: string, why: string): GatewayError {
  return new GatewayError("invalid_request", `${path}: the file ${why}.`, { details: { param: path } });
}
