/** The first bytes of the formats that the APIs tell apart. */
const MAGIC: readonly (readonly [mediaType: string, bytes: RegExp])[] = [
  ["image/png", /^\x89PNG/],
  ["image/jpeg", /^\xff\xd8\xff/],
  ["image/gif", /^GIF8/],
  ["image/webp", /^RIFF.{4}WEBP/s],
  ["application/pdf", /^%PDF/],
];

/** What base64 data is by its first bytes; undefined if it is none of the known formats. */
export function mediaTypeOf(base64: string): string | undefined {
  const bytes = Buffer.from(base64.slice(0, 64), "base64").toString("latin1");
  return MAGIC.find(([, pattern]) => pattern.test(bytes))?.[0];
}

/** `data:image/png;base64,…` in its parts. */
export function dataUrl(url: string): { mediaType: string; data: string } | undefined {
  const match = /^data:([^;,]*);base64,(.*)$/s.exec(url);
  return match === null ? undefined : { mediaType: match[1] ?? "", data: match[2] ?? "" };
}
