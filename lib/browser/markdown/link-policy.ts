import type { SafeHref, SafeImage } from "#lib/browser/markdown/tree.ts";

/**
 * What may be followed from, and loaded by, a text that nobody has checked. A link leads to the web, to a
 * mailbox or to a path of our own origin; a picture comes from the text itself or from our own origin, since
 * loading any other would tell a stranger's server whatever a model has put into the address.
 */

/** Controls, and marks that are invisible or change the direction of writing: they hide where a link leads. */
const HIDDEN = /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/u;
/** A path of our own origin. `//host` and `/\host` are other origins to a browser. */
const OWN_PATH = /^\/(?![/\\])/;
/** Without `.` and `..` for parts: `/x/../api` is `/api` to a browser. */
const OWN_IMAGE = /^(?!\/api\/)(?:\/[\w-][\w.-]*)+$/i;
/** A file of the user, as a saved answer refers to what was drawn. Reading it changes nothing. */
const OWN_FILE = /^\/api\/attachments\/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?:\?redirect=true)?$/;
const DATA_IMAGE = /^data:image\/(?:png|jpeg|webp|gif);base64,[\w+/]+={0,2}$/;
const MAIL = /^mailto:[^?#\s]+@[^?#\s]+$/i;
/** Words that a reader takes for an address: a scheme, or a domain with a letter in its last part. */
const LOOKS_LIKE_ADDRESS =
  /^\s*(?:[a-z][a-z\d+.-]*:\/\/)?([\p{L}\d-]+(?:\.[\p{L}\d-]+)*\.\p{L}{2,})(?![\p{L}\d@])/iu;

/** The address of a link, if it can be followed without harm. Everything else is shown as text. */
export function safeHref(href: string): SafeHref | undefined {
  const address = href.trim();
  if (HIDDEN.test(address)) return undefined;
  if (OWN_PATH.test(address) || address.startsWith("#") || MAIL.test(address)) return address as SafeHref;
  if (!/^https?:\/\//i.test(address) || !URL.canParse(address)) return undefined;
  const url = new URL(address);
  // `https://bank.example@evil.example` shows one host and goes to another.
  return url.username === "" && url.password === "" ? (url.href as SafeHref) : undefined;
}

/** The address of a picture, if a page may load it. */
export function safeImage(src: string): SafeImage | undefined {
  const address = src.trim();
  const isSafe = [DATA_IMAGE, OWN_IMAGE, OWN_FILE].some((pattern) => pattern.test(address));
  return isSafe ? (address as SafeImage) : undefined;
}

/**
 * The address of a picture in the operator's own storage. Only what the gateway has put there can be loaded from it,
 * so an address tells nobody else anything.
 * @param storage where its addresses begin, as `https://files.example.com/`.
 */
export function storedImage(src: string, storage: readonly string[]): SafeImage | undefined {
  const address = safeHref(src);
  const isStored = storage.some((prefix) => address?.startsWith(prefix) === true);
  return isStored ? (address as string as SafeImage) : undefined;
}

/** Whose server an address belongs to; undefined for our own. */
export function hostOf(href: SafeHref): string | undefined {
  return /^https?:/.test(href) ? new URL(href).host : undefined;
}

/** The host of a link whose words look like the address of another one. */
export function misleadingHost(href: SafeHref, words: string): string | undefined {
  const host = hostOf(href);
  const shown = LOOKS_LIKE_ADDRESS.exec(words.normalize("NFKC"))?.[1];
  if (host === undefined || shown === undefined) return undefined;
  const bare = (name: string): string => name.toLowerCase().replace(/^www\.|:\d+$/g, "");
  return bare(shown) === bare(host) ? undefined : host;
}
