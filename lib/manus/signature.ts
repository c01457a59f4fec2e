import {
  createHash,
  createHmac,
  createPublicKey,
  type KeyObject,
  timingSafeEqual,
  verify,
} from "node:crypto";

/** How far the time of a signature may be from now, milliseconds. */
const WINDOW_MS = 300_000;
/** Base64 of a signature by a key of at most 8192 bits. */
const MAX_SIGNATURE = 1_400;

export function sha256(text: string | Uint8Array): Buffer {
  return createHash("sha256").update(text).digest();
}

/** The key in PEM; undefined if it is none, or not one for RSA. */
export function rsaKey(pem: string): KeyObject | undefined {
  try {
    const key = createPublicKey(pem);
    return key.asymmetricKeyType === "rsa" ? key : undefined;
  } catch (error) {
    if (error instanceof Error) return undefined;
    throw error;
  }
}

/** The time of a signature, seconds since the epoch; undefined if it is none, or too far from now. */
export function signedSeconds(header: string, nowMs: number): number | undefined {
  if (!/^\d{1,12}$/.test(header)) return undefined;
  const seconds = Number(header);
  return Math.abs(nowMs - seconds * 1_000) <= WINDOW_MS ? seconds : undefined;
}

export type SignedRequest = {
  /** As in its header. */
  timestamp: string;
  /** As the sender knows it, with its query. */
  url: string;
  body: Uint8Array;
  /** Base64. */
  signature: string;
};

/**
 * Whether the owner of the key has signed the request. The signed text is `{timestamp}.{url}.{hash of the body}`. Of
 * Manus's own examples some sign that text and some its SHA-256, which is hashed again: both are accepted.
 */
export function isSigned({ timestamp, url, body, signature }: SignedRequest, key: KeyObject): boolean {
  if (signature.length > MAX_SIGNATURE) return false;
  const signed = Buffer.from(`${timestamp}.${url}.${sha256(body).toString("hex")}`);
  const bytes = Buffer.from(signature, "base64");
  return verify("RSA-SHA256", signed, key, bytes) || verify("RSA-SHA256", sha256(signed), key, bytes);
}

/** Whether the hexadecimal signature is the HMAC-SHA256 of the body: the older form, without a time. */
export function hasHmac(body: Uint8Array, signature: string, secret: string): boolean {
  if (!/^[0-9a-f]{64}$/i.test(signature)) return false;
  const expected = createHmac("sha256", secret).update(body).digest();
  return timingSafeEqual(expected, Buffer.from(signature, "hex"));
}
