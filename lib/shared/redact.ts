import { truncate } from "#lib/shared/text.ts";

/** Longest provider reason that is passed on, in characters. */
const MAX_REASON = 500;
/** How much of a text is examined, characters. */
const MAX_READ = 20 * MAX_REASON;
const MAX_SECRET = 512;

/** The formats of providers' keys, for keys of others that appear in errors. */
const KEY_SHAPES =
  /\b(?:sk|gsk|csk|tvly|xai|rk|pk|ghp|gho|ghs|sb_secret|sb_publishable)[-_][\w-]{8,}|\bgithub_pat_\w{8,}|\bAIza[\w-]{20,}|\bAQ\.[\w-]{16,}|\beyJ[\w-]{10,}(?:\.[\w-]+){0,2}|\bBearer\s+\S+/gi;
const URLS = /\b[a-z][a-z0-9+.-]{1,20}:\/\/\S+/gi;
const CONTROLS = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g;

/** The text without any of `secrets`, any key-shaped word and any URL. */
export function redact(text: string, secrets: readonly string[] = []): string {
  let clean = text;
  for (const secret of secrets) {
    if (secret.length >= 4) clean = clean.replaceAll(secret, "[redacted]");
  }
  return clean.replace(KEY_SHAPES, "[redacted]").replace(URLS, "[url]");
}

/** Whether a word of the text is shaped like a provider's key. */
export function hasKeyShape(text: string): boolean {
  return text.search(KEY_SHAPES) !== -1;
}

/** A provider's reason as a client may read it: redacted, one line, at most 500 characters. */
export function publicReason(text: string, secrets: readonly string[] = []): string {
  // Cut first: redacting a megabyte of error text would take too long.
  return truncate(redact(bounded(text).replace(CONTROLS, " "), secrets).trim(), MAX_REASON);
}

/** The beginning of a text, without a partial last word: half a secret would not be recognised. */
function bounded(text: string): string {
  if (text.length <= MAX_READ) return text;
  const head = text.slice(0, MAX_READ);
  return head.slice(0, Math.max(head.lastIndexOf(" "), MAX_READ - MAX_SECRET));
}
