/** An object as it is stored. */
export type NewObject = {
  key: string;
  bytes: Uint8Array;
  /** By the bytes, never by what a client said. */
  mediaType: string;
  /** The `Content-Disposition` that it is served with. */
  disposition: string;
};

/** An address that holds its own permission, until it expires. */
export type SignedUrl = {
  url: string;
  /** Milliseconds since the epoch. */
  expiresAt: number;
};

/** The same for sending an object: the request must have these headers, as they are. */
export type SignedUpload = SignedUrl & { headers: Readonly<Record<string, string>> };

/**
 * A private bucket. All calls have a time-out of their own and throw `storage_unavailable`, `not_configured` if the
 * bucket is missing or refuses the gateway's key, and the signal's reason if it aborts. No error tells the secret.
 */
export type ObjectStorage = {
  put(object: NewObject, signal: AbortSignal): Promise<void>;
  /** Bytes of an object; undefined if there is none. */
  size(key: string, signal: AbortSignal): Promise<number | undefined>;
  /** Throws `not_found`, and `payload_too_large` for more than `maxBytes`, of which no more are read. */
  get(key: string, maxBytes: number, signal: AbortSignal): Promise<Uint8Array>;
  /** An object that is not there is no error. */
  delete(key: string, signal: AbortSignal): Promise<void>;
  /** Makes no call: the object may not be there. At most a week. */
  signedGetUrl(key: string, options: { expiresInSeconds: number }): Promise<SignedUrl>;
  /** Makes no call. The storage takes exactly `bytes` bytes. */
  signedPutUrl(
    key: string,
    options: { expiresInSeconds: number; bytes: number; mediaType: string },
  ): Promise<SignedUpload>;
  /** The lasting address of an object; undefined where the bucket has no public one. */
  publicUrl(key: string): string | undefined;
};
