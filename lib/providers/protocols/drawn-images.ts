import { parseDataUrl } from "#lib/shared/data-url.ts";

/** The largest image of an answer, characters of its `data:` URL. */
const MAX_CHARACTERS = 20 * 1024 * 1024;
/** Images of one answer that are passed on. */
const MAX_IMAGES = 10;
const TYPES: ReadonlySet<string> = new Set(["image/png", "image/jpeg", "image/webp", "image/gif"]);
const NOT_BASE64 = /[^A-Za-z0-9+/=]/;

/** The images that a model has drawn in its answer: those that clients can show, each once. */
export class DrawnImages {
  readonly #seen = new Set<string>();

  /** The `data:` URL to pass on; undefined for anything else, for a repetition and for one too many. */
  take(url: string | undefined): string | undefined {
    if (url === undefined || url.length > MAX_CHARACTERS || this.#seen.size >= MAX_IMAGES) return undefined;
    const image = parseDataUrl(url);
    if (image === undefined || !TYPES.has(image.mediaType.toLowerCase())) return undefined;
    const { base64 } = image;
    if (base64 === "" || NOT_BASE64.test(base64)) return undefined;
    // Its whole text would be held as long as the answer.
    const mark = `${base64.length} ${base64.slice(-64)}`;
    if (this.#seen.has(mark)) return undefined;
    this.#seen.add(mark);
    return url;
  }
}
