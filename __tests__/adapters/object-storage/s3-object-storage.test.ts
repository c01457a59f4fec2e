import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { StorageTimeouts } from "#lib/adapters/object-storage/s3-client.ts";
import { createS3ObjectStorage } from "#lib/adapters/object-storage/s3-object-storage.ts";
import { newObjectKey } from "#lib/services/storage/object-key.ts";
import type { ObjectStorage } from "#lib/services/storage/object-storage.ts";
import { contentDisposition } from "#lib/shared/content-disposition.ts";
import { GatewayError } from "#lib/shared/errors.ts";
import { FakeClock } from "../../support/fake-clock.ts";
import {
  type S3Server,
  startS3Server,
  TEST_ACCESS_KEY_ID,
  TEST_BUCKET,
  TEST_SECRET_KEY,
} from "../../support/s3-server.ts";

const USER = "5f0c7e5e-3c1b-4d5a-9b8e-0d9f5c1a2b3c";
const BYTES = Buffer.from("%PDF-1.7 any bytes \u0000\u00ff", "latin1");
const SHORT: StorageTimeouts = { connectMs: 300, idleMs: 300, callMs: 700 };

let server: S3Server;
beforeAll(async () => {
  server = await startS3Server();
});
afterAll(() => server.stop());

type Changes = {
  endpoint?: string;
  bucket?: string;
  accessKeyId?: string;
  secretAccessKey?: string;
  publicBaseUrl?: string;
  timeouts?: StorageTimeouts;
  clock?: FakeClock;
};

function storageOf(changes: Changes = {}): ObjectStorage {
  const { publicBaseUrl, timeouts, clock = new FakeClock(Date.now()), ...settings } = changes;
  return createS3ObjectStorage({
    settings: {
      ...{ endpoint: server.url, region: "auto", bucket: TEST_BUCKET },
      ...{ accessKeyId: TEST_ACCESS_KEY_ID, secretAccessKey: TEST_SECRET_KEY, ...settings },
    },
    ...{ publicBaseUrl, timeouts, clock },
  });
}

const signal = () => new AbortController().signal;
const aKey = () =>
  newObjectKey({ kind: "attachments", userId: USER, at: 0, id: crypto.randomUUID(), extension: "pdf" });

async function aStoredObject(storage: ObjectStorage, name = "report.pdf"): Promise<string> {
  const key = aKey();
  const disposition = contentDisposition("attachment", name);
  await storage.put({ key, bytes: BYTES, mediaType: "application/pdf", disposition }, signal());
  return key;
}

async function failureOf(work: Promise<unknown>): Promise<GatewayError> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof GatewayError)) throw new Error(`No GatewayError: ${String(error)}`);
  return error;
}

describe("objects", () => {
  test("are put, measured, read and deleted; twice is once", async () => {
    const storage = storageOf();
    const key = await aStoredObject(storage);
    expect(await storage.size(key, signal())).toBe(BYTES.length);
    expect(Buffer.from(await storage.get(key, 1_000, signal())).equals(BYTES)).toBe(true);
    await storage.delete(key, signal());
    await storage.delete(key, signal());
    expect(await storage.size(key, signal())).toBeUndefined();
    expect((await failureOf(storage.get(key, 1_000, signal()))).code).toBe("not_found");
  });

  test("are read no further than the reader has room for", async () => {
    const storage = storageOf();
    const key = await aStoredObject(storage);
    expect((await failureOf(storage.get(key, BYTES.length - 1, signal()))).code).toBe("payload_too_large");
    expect(await storage.get(key, BYTES.length, signal())).toHaveLength(BYTES.length);
  });

  test("have a lasting address where the bucket is public", async () => {
    expect(storageOf().publicUrl("images/a.png")).toBeUndefined();
    const storage = storageOf({ publicBaseUrl: `${server.url}/${TEST_BUCKET}` });
    const key = await aStoredObject(storage);
    const answer = await fetch(storage.publicUrl(key) ?? "");
    expect(Buffer.from(await answer.arrayBuffer()).equals(BYTES)).toBe(true);
  });
});

describe("a signed address", () => {
  const NAMES: readonly (readonly [name: string, header: string])[] = [
    ["report.pdf", 'attachment; filename="report.pdf"'],
    [
      'Übersicht "Q1" 100%.pdf',
      "attachment; filename=\"_bersicht _Q1_ 100_.pdf\"; filename*=UTF-8''%C3%9Cbersicht%20%22Q1%22%20100%25.pdf",
    ],
    [
      "a\r\nset-cookie: x=1\u0000.pdf",
      "attachment; filename=\"a__set-cookie: x=1_.pdf\"; filename*=UTF-8''a%0D%0Aset-cookie%3A%20x%3D1%00.pdf",
    ],
    ["报告.pdf", "attachment; filename=\"__.pdf\"; filename*=UTF-8''%E6%8A%A5%E5%91%8A.pdf"],
    ["it's (1)*.pdf", 'attachment; filename="it\'s (1)*.pdf"'],
  ];
  test.each(NAMES)("is read by plain fetch, with its type and its name: %j", async (name, header) => {
    const storage = storageOf();
    const { url } = await storage.signedGetUrl(await aStoredObject(storage, name), { expiresInSeconds: 60 });
    const answer = await fetch(url);
    expect(answer.status).toBe(200);
    expect(answer.headers.get("content-type")).toBe("application/pdf");
    expect(answer.headers.get("content-disposition")).toBe(header);
    expect(Buffer.from(await answer.arrayBuffer()).equals(BYTES)).toBe(true);
  });

  test("ends when it says so, and is of one object", async () => {
    const clock = new FakeClock(Date.now());
    const storage = storageOf({ clock });
    const key = await aStoredObject(storage);
    const { url, expiresAt } = await storage.signedGetUrl(key, { expiresInSeconds: 60 });
    expect(expiresAt - clock.wallNow()).toBeGreaterThan(58_000);
    expect(expiresAt - clock.wallNow()).toBeLessThanOrEqual(60_000);
    const other = await aStoredObject(storage);
    expect((await fetch(url.replace(key, other))).status).toBe(403);
    clock.setWall(Date.now() - 61_000);
    const old = await storage.signedGetUrl(key, { expiresInSeconds: 60 });
    expect(old.expiresAt).toBeLessThan(Date.now());
    expect((await fetch(old.url)).status).toBe(403);
  });

  test("takes an object of the size and type that were said, and no other", async () => {
    const storage = storageOf();
    const key = aKey();
    const asked = { expiresInSeconds: 60, bytes: BYTES.length, mediaType: "application/octet-stream" };
    const { url, headers } = await storage.signedPutUrl(key, asked);
    const put = (body: Buffer, more: Record<string, string> = {}) =>
      fetch(url, { method: "PUT", body: new Uint8Array(body), headers: { ...headers, ...more } });
    expect((await put(Buffer.concat([BYTES, BYTES]))).status).toBe(403);
    expect((await put(BYTES.subarray(1))).status).toBe(403);
    expect((await put(BYTES, { "content-type": "text/html" })).status).toBe(403);
    expect(await storage.size(key, signal())).toBeUndefined();
    expect((await put(BYTES)).status).toBe(200);
    expect(await storage.size(key, signal())).toBe(BYTES.length);
    expect(url).not.toContain(encodeURIComponent(TEST_SECRET_KEY));
  });
});

describe("a storage that does not work", () => {
  const WRONG: readonly (readonly [what: string, Changes])[] = [
    ["a wrong secret", { secretAccessKey: "wrong/Secret+Key" }],
    ["an unknown key", { accessKeyId: "AKIAUNKNOWN" }],
    ["a missing bucket", { bucket: "no-such-bucket" }],
  ];
  test.each(WRONG)("%s is the operator's to correct, and tells no secret", async (_, changes) => {
    const storage = storageOf(changes);
    const object = { key: aKey(), bytes: BYTES, mediaType: "application/pdf", disposition: "attachment" };
    for (const work of [() => storage.put(object, signal()), () => storage.get(aKey(), 10, signal())]) {
      const error = await failureOf(work());
      expect(error.code).toBe("not_configured");
      const told = `${error.message} ${String(error.cause)} ${JSON.stringify(error.cause)}`;
      expect(told).not.toContain(changes.secretAccessKey ?? TEST_SECRET_KEY);
      expect(error.message).not.toContain("bucket");
    }
  });

  test("nobody listens: an error at once, which another try may not meet", async () => {
    const storage = storageOf({ endpoint: "http://127.0.0.1:9", timeouts: SHORT });
    const error = await failureOf(storage.size(aKey(), signal()));
    expect([error.code, error.retryAfterSeconds]).toEqual(["storage_unavailable", 5]);
  });

  test("a server that says nothing is given up", async () => {
    const silent = createServer(() => undefined);
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    const endpoint = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
    const storage = storageOf({ endpoint, timeouts: SHORT });
    expect((await failureOf(storage.get(aKey(), 10, signal()))).code).toBe("storage_unavailable");
    silent.closeAllConnections();
    await new Promise((resolve) => silent.close(resolve));
  });

  test("a caller who leaves ends the call with their own reason", async () => {
    const reason = new Error("The client has left.");
    const storage = storageOf();
    await expect(storage.size(aKey(), AbortSignal.abort(reason))).rejects.toBe(reason);
  });
});
