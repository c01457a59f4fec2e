/** What may be followed from, and loaded by, a text that nobody has checked. */

/** Characters that hide the true target from a reader: controls, and marks that change the direction. */
const HIDDEN = /[\u0000-\u0020\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

/**
 * The address of a link, if it can be followed without harm: `http:`, `https:`, `mailto:`, or a path of our
 * own origin. Undefined for scripts, data and everything else, which are shown as text.
 */
export function safeHref(href: string): string | undefined {
  const clean = href.replace(HIDDEN, "");
  if (/^(?:#|\/(?![/\\]))/.test(clean)) return clean;
  if (/^mailto:[^?]+@[^?]+$/i.test(clean)) return clean;
  if (!/^https?:\/\//i.test(clean) || !URL.canParse(clean)) return undefined;
  const url = new URL(clean);
  // `https://bank.example@evil.example` shows one host and goes to another.
  return url.username === "" && url.password === "" ? url.href : undefined;
}

/**
 * The address of a picture, if it may be loaded: a picture written into the text, or a file of our own
 * origin. Loading another would tell a stranger's server whatever a model has put into its address.
 */
export function safeImage(src: string): string | undefined {
  const clean = src.replace(HIDDEN, "");
  if (/^data:image\/(?:png|jpeg|gif|webp);base64,[\w+/=]+$/i.test(clean)) return clean;
  return /^\/(?![/\\]|api\/)[\w./-]+$/.test(clean) ? clean : undefined;
}
