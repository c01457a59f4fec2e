/** The media type and base64 payload of a `data:` URL; undefined for any other URL. */
export function parseDataUrl(url: string): { mediaType: string; base64: string } | undefined {
  const match = /^data:([\w.+-]+\/[\w.+-]+)(?:;[\w=-]+)*;base64,/.exec(url.slice(0, 200));
  if (match?.[1] === undefined) return undefined;
  return { mediaType: match[1], base64: url.slice(match[0].length) };
}
