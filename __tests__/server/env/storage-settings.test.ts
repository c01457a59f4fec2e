import { expect, test } from "vitest";
import { readEnv } from "#lib/server/env/env.ts";
import { readStorageSettings } from "#lib/server/env/storage-settings.ts";

const KEY = { R2_ACCESS_KEY_ID: "id", R2_SECRET_ACCESS_KEY: "hush", R2_BUCKET_NAME: "files" };
const ACCOUNT = "0123456789ABCDEF0123456789abcdef";
const R2 = "https://0123456789abcdef0123456789abcdef.r2.cloudflarestorage.com";

test.each([
  ["an account", { R2_ACCOUNT_ID: ACCOUNT }, R2],
  ["the address that Cloudflare shows of a bucket", { R2_ENDPOINT: `${R2}/files` }, R2],
  [
    "an address, which comes first",
    { R2_ENDPOINT: "http://127.0.0.1:9000/", R2_ACCOUNT_ID: ACCOUNT },
    "http://127.0.0.1:9000",
  ],
  [
    "an address with another path",
    { R2_ENDPOINT: "https://a.example/storage/v1/s3" },
    "https://a.example/storage/v1/s3",
  ],
])("the endpoint follows from %s", (_, settings, endpoint) => {
  expect(readStorageSettings(readEnv({ ...KEY, ...settings }))).toEqual({
    ...{ endpoint, region: "auto", bucket: "files", accessKeyId: "id", secretAccessKey: "hush" },
    publicUrl: undefined,
  });
});

test.each([{}, { R2_REGION: "eu-central-1" }])("without a bucket there is no storage: %j", (settings) => {
  expect(readStorageSettings(readEnv(settings))).toBeUndefined();
});

test.each([
  [{ R2_ACCOUNT_ID: "my-account" }, /^R2_ACCOUNT_ID is not valid: it must be the id/],
  [{ R2_ENDPOINT: "s3.example.com" }, /^R2_ENDPOINT is not valid/],
  [{ R2_BUCKET_NAME: "../other" }, /^R2_BUCKET_NAME is "..\/other"/],
  [{ R2_PUBLIC_URL: "https://a.example/?x=" }, /^R2_PUBLIC_URL is/],
  [
    { NEXT_PUBLIC_KEY: "a-long-secret-of-r2", R2_SECRET_ACCESS_KEY: "a-long-secret-of-r2" },
    /NEXT_PUBLIC_KEY holds a secret/,
  ],
])("%j stops the start", (settings, says) => {
  expect(() => readEnv(settings)).toThrow(says);
});
