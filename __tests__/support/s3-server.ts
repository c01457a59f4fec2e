import { mkdtemp, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Settings } from "./test-gateway.ts";

/** The parts of s3rver that are used; it has no types. */
type S3rver = new (options: {
  address: string;
  port: number;
  directory: string;
  silent: boolean;
  vhostBuckets: boolean;
  configureBuckets: readonly { name: string }[];
}) => { run(): Promise<AddressInfo>; close(): Promise<void>; httpServer: { closeAllConnections(): void } };
type Accounts = { DUMMY_ACCOUNT: { createKeyPair(id: string, secret: string): void } };

export const TEST_BUCKET = "sarmalink-test";
export const TEST_ACCESS_KEY_ID = "AKIATESTTESTTESTTEST";
/** A canary: no log and no answer may have it. It has what must be escaped in URLs. */
export const TEST_SECRET_KEY = "canary/Secret+Key0123456789abcdefghijklm";

export type S3Server = {
  url: string;
  /** What the gateway is told of it. */
  settings: Settings;
  /** Keys of all objects in the bucket, sorted. */
  keys(): Promise<string[]>;
  stop(): Promise<void>;
};

/** A server that speaks S3, with one empty bucket. */
export async function startS3Server(): Promise<S3Server> {
  const load = createRequire(import.meta.url);
  const Server = load("@20minutes/s3rver") as S3rver;
  const accounts = load("@20minutes/s3rver/lib/models/account") as Accounts;
  accounts.DUMMY_ACCOUNT.createKeyPair(TEST_ACCESS_KEY_ID, TEST_SECRET_KEY);
  const directory = await mkdtemp(join(tmpdir(), "sarmalink-s3-"));
  const server = new Server({
    ...{ address: "127.0.0.1", port: 0, directory, silent: true, vhostBuckets: false },
    configureBuckets: [{ name: TEST_BUCKET }],
  });
  const { port } = await server.run();
  const url = `http://127.0.0.1:${port}`;
  return {
    url,
    settings: {
      R2_ENDPOINT: url,
      R2_BUCKET_NAME: TEST_BUCKET,
      R2_ACCESS_KEY_ID: TEST_ACCESS_KEY_ID,
      R2_SECRET_ACCESS_KEY: TEST_SECRET_KEY,
    },
    keys: async () => {
      const listed = await (await fetch(`${url}/${TEST_BUCKET}?list-type=2`)).text();
      return [...listed.matchAll(/<Key>([^<]*)<\/Key>/g)].map(([, key = ""]) => key).sort();
    },
    stop: async () => {
      server.httpServer.closeAllConnections();
      await server.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
