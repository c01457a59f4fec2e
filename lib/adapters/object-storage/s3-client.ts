import type { S3Client } from "@aws-sdk/client-s3";

/** Where the bucket is, and the credentials for it. */
export type BucketSettings = {
  /** Without the bucket. */
  endpoint: string;
  region: string;
  bucket: string;
  accessKeyId: string;
  secretAccessKey: string;
};

export type StorageTimeouts = {
  /** For a connection, milliseconds. */
  connectMs: number;
  /** In which nothing is sent or received, milliseconds. */
  idleMs: number;
  /** A call with all its attempts, milliseconds. */
  callMs: number;
};

const CONNECT_MS = 3_000;
const IDLE_MS = 8_000;
const CALL_MS = 20_000;
export const STORAGE_TIMEOUTS: StorageTimeouts = { connectMs: CONNECT_MS, idleMs: IDLE_MS, callMs: CALL_MS };

/** The first attempt and one more. */
const MAX_ATTEMPTS = 2;

/** The SDK takes some 100 ms and 20 MB: it is loaded with the first object. */
export async function createS3Client(
  { endpoint, region, accessKeyId, secretAccessKey }: BucketSettings,
  { connectMs, idleMs, callMs }: StorageTimeouts,
): Promise<S3Client> {
  const { S3Client } = await import("@aws-sdk/client-s3");
  return new S3Client({
    endpoint,
    region,
    credentials: { accessKeyId, secretAccessKey },
    // Servers that are no vendor's have no name for each bucket.
    forcePathStyle: true,
    maxAttempts: MAX_ATTEMPTS,
    // R2 and others do not know all checksums of AWS; and in a signed address there would be one of no bytes.
    requestChecksumCalculation: "WHEN_REQUIRED",
    responseChecksumValidation: "WHEN_REQUIRED",
    requestHandler: {
      connectionTimeout: connectMs,
      socketTimeout: idleMs,
      requestTimeout: callMs,
      throwOnRequestTimeout: true,
    },
  });
}
