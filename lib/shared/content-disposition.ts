/** What RFC 5987 allows in an extended value without percent-encoding, and `encodeURIComponent` leaves as it is. */
const NOT_ATTR_CHAR = /['()*]/g;
const MAX_NAME = 200;

/**
 * A `Content-Disposition` header for a file with this name, whatever is in it: an ASCII name that every client
 * reads, and the whole one as RFC 5987 says.
 *
 * @param disposition `attachment` for whatever a browser must not show on the page's own origin.
 */
export function contentDisposition(disposition: "attachment" | "inline", fileName: string): string {
  const name = fileName.slice(0, MAX_NAME).toWellFormed();
  const plain = name.replace(/[^\x20-\x7e]/g, "_").replace(/["\\%]/g, "_");
  if (plain === name) return `${disposition}; filename="${plain}"`;
  const encoded = encodeURIComponent(name).replace(
    NOT_ATTR_CHAR,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `${disposition}; filename="${plain}"; filename*=UTF-8''${encoded}`;
}
