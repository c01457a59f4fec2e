import type { GetObjectCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import {
  type BucketSettings,
  createS3Client,
  STORAGE_TIMEOUTS,
  type StorageTimeouts,
} from "#lib/adapters/object-storage/s3-client.ts";
import { isMissingObject, storageError } from "#lib/adapters/object-storage/storage-error.ts";
import type { ObjectStorage, SignedUrl } from "#lib/services/storage/object-storage.ts";
import type { Clock } from "#lib/shared/clock.ts";
import { GatewayError } from "#lib/shared/errors.ts";
import { lazyAsync } from "#lib/shared/lazy.ts";

export type S3ObjectStorageOptions = {
  settings: BucketSettings;
  /** The address of a public bucket; undefined for one that is private. */
  publicBaseUrl: string | undefined;
  clock: Pick<Clock, "wallNow">;
  timeouts?: StorageTimeouts | undefined;
};

type Sdk = typeof import("@aws-sdk/client-s3");
type Loaded = { sdk: Sdk; client: S3Client };
type Sending = Loaded & { signal: AbortSignal };

/** Objects in a bucket of any server that speaks S3. */
export function createS3ObjectStorage(options: S3ObjectStorageOptions): ObjectStorage {
  const { settings, publicBaseUrl, clock, timeouts = STORAGE_TIMEOUTS } = options;
  const loaded = lazyAsync(async () => ({
    sdk: await import("@aws-sdk/client-s3"),
    client: await createS3Client(settings, timeouts),
  }));
  return {
    ...objectCalls(settings.bucket, loaded, timeouts.callMs),
    ...signedAddresses(settings.bucket, loaded, clock),
    publicUrl: (key) => (publicBaseUrl === undefined ? undefined : `${publicBaseUrl}/${key}`),
  };
}

function objectCalls(
  Bucket: string,
  loaded: () => Promise<Loaded>,
  timeoutMs: number,
): Pick<ObjectStorage, "put" | "size" | "get" | "delete"> {
  const call = async <Result>(
    action: string,
    signal: AbortSignal,
    work: (sending: Sending) => Promise<Result>,
  ): Promise<Result> => {
    signal.throwIfAborted();
    // On a busy machine the first load takes seconds, which are not the storage's.
    const ready = await loaded();
    const bounded = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
    try {
      return await work({ ...ready, signal: bounded });
    } catch (error) {
      signal.throwIfAborted();
      throw storageError(error, action);
    }
  };
  return {
    put: ({ key, bytes, mediaType, disposition }, given) =>
      call("PUT", given, async ({ sdk, client, signal }) => {
        const command = new sdk.PutObjectCommand({
          ...{ Bucket, Key: key, Body: bytes, ContentLength: bytes.length },
          ...{ ContentType: mediaType, ContentDisposition: disposition },
        });
        await client.send(command, { abortSignal: signal });
      }),
    size: (key, given) => call("HEAD", given, (sending) => sizeOf({ Bucket, Key: key }, sending)),
    get: (key, maxBytes, given) =>
      call("GET", given, (sending) => readObject({ Bucket, Key: key }, maxBytes, sending)),
    delete: (key, given) =>
      call("DELETE", given, async ({ sdk, client, signal }) => {
        await client.send(new sdk.DeleteObjectCommand({ Bucket, Key: key }), { abortSignal: signal });
      }),
  };
}

function signedAddresses(
  Bucket: string,
  loaded: () => Promise<Loaded>,
  clock: Pick<Clock, "wallNow">,
): Pick<ObjectStorage, "signedGetUrl" | "signedPutUrl"> {
  return {
    signedGetUrl: async (key, { expiresInSeconds }) => {
      const { sdk, client } = await loaded();
      const command = new sdk.GetObjectCommand({ Bucket, Key: key });
      return sign(client, command, { expiresInSeconds, now: clock.wallNow() });
    },
    signedPutUrl: async (key, { expiresInSeconds, bytes, mediaType }) => {
      const { sdk, client } = await loaded();
      const command = new sdk.PutObjectCommand({
        ...{ Bucket, Key: key, ContentLength: bytes, ContentType: mediaType },
      });
      const signedHeaders = ["content-length", "content-type"];
      const signed = await sign(client, command, { expiresInSeconds, now: clock.wallNow(), signedHeaders });
      // Clients set the length themselves, and browsers let nobody else do it.
      return { ...signed, headers: { "content-type": mediaType } };
    },
  };
}

type Address = { Bucket: string; Key: string };

async function sizeOf(address: Address, { sdk, client, signal }: Sending): Promise<number | undefined> {
  try {
    const answer = await client.send(new sdk.HeadObjectCommand(address), { abortSignal: signal });
    return answer.ContentLength ?? 0;
  } catch (error) {
    if (isMissingObject(error)) return undefined;
    throw error;
  }
}

async function readObject(
  address: Address,
  maxBytes: number,
  { sdk, client, signal }: Sending,
): Promise<Uint8Array> {
  const answer = await client
    .send(new sdk.GetObjectCommand(address), { abortSignal: signal })
    .catch((error: unknown) => {
      throw isMissingObject(error) ? new GatewayError("not_found", "The file is not in the storage.") : error;
    });
  const chunks: Uint8Array[] = [];
  let length = 0;
  // In Node the body is a stream; it is closed where the loop is left.
  for await (const chunk of answer.Body as AsyncIterable<Uint8Array>) {
    signal.throwIfAborted();
    length += chunk.length;
    if (length > maxBytes) {
      throw new GatewayError("payload_too_large", `The file is larger than ${maxBytes} bytes.`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, length);
}

type Signing = { expiresInSeconds: number; now: number; signedHeaders?: readonly string[] };

async function sign(
  client: S3Client,
  command: GetObjectCommand | PutObjectCommand,
  { expiresInSeconds, now, signedHeaders }: Signing,
): Promise<SignedUrl> {
  const { getSignedUrl } = await import("@aws-sdk/s3-request-presigner");
  // Signatures know whole seconds.
  const signedAt = Math.floor(now / 1000) * 1000;
  const url = await getSignedUrl(client, command, {
    expiresIn: expiresInSeconds,
    signingDate: new Date(signedAt),
    ...(signedHeaders && { signableHeaders: new Set(signedHeaders) }),
  });
  return { url, expiresAt: signedAt + expiresInSeconds * 1000 };
}
