import { afterEach, describe, expect, test, vi } from "vitest";
import { safeImage, storedImage } from "#lib/browser/markdown/link-policy.ts";
import { publicEnv } from "#lib/public-env.ts";
import { pagesEnvironment } from "#lib/server/env/env.ts";
import { contentSecurityPolicy } from "../../app/_ui/content-security-policy.ts";
import { config } from "../../proxy.ts";

const matches = (path: string): boolean =>
  config.matcher.some(({ source }) => new RegExp(`^${source}$`).test(path));

test.each([
  ["/", true],
  ["/docs/how-it-works", true],
  ["/apix", true],
  // No files: pages that say so.
  ["/theme.jsx", true],
  ["/favicon.svg/x", true],
  ["/_next/image", true],
  ["/theme.js", false],
  ["/favicon.svg", false],
  ["/_next/static/chunks/a.js", false],
  ["/api", false],
  ["/api/health", false],
])("whether %s is a page with a content security policy: %s", (path, isPage) => {
  expect(matches(path)).toBe(isPage);
});

describe("pictures of the operator's storage", () => {
  afterEach(() => vi.unstubAllEnvs());

  const ACCOUNT = "0123456789abcdef0123456789abcdef";
  test.each<[settings: Record<string, string>, prefixes: string[]]>([
    [{}, []],
    [
      { R2_ACCOUNT_ID: ACCOUNT, R2_BUCKET_NAME: "files" },
      [`https://${ACCOUNT}.r2.cloudflarestorage.com/files/`],
    ],
    [{ R2_ENDPOINT: "https://s3.example.com/", R2_BUCKET_NAME: "files" }, ["https://s3.example.com/files/"]],
    [
      { R2_ENDPOINT: "https://s3.example.com/files", R2_BUCKET_NAME: "files" },
      ["https://s3.example.com/files/"],
    ],
    [
      {
        R2_PUBLIC_URL: "https://files.example.com",
        R2_ACCOUNT_ID: ACCOUNT,
        R2_ENDPOINT: "http://127.0.0.1:9000",
        R2_BUCKET_NAME: "files",
      },
      ["https://files.example.com/", "http://127.0.0.1:9000/files/"],
    ],
    // Nothing of it begins another directive, or lets another scheme in.
    [{ R2_PUBLIC_URL: "https://files.example.com/a;script-src *" }, []],
    [{ R2_PUBLIC_URL: "https://files.example.com/a,b" }, []],
    [{ R2_PUBLIC_URL: "javascript:alert(1)" }, []],
    [{ R2_PUBLIC_URL: "no address" }, []],
  ])("%j: pages may load from %j", (settings, prefixes) => {
    for (const name of ["R2_ACCOUNT_ID", "R2_ENDPOINT", "R2_BUCKET_NAME", "R2_PUBLIC_URL"]) {
      vi.stubEnv(name, settings[name] ?? "");
    }
    expect(publicEnv.storagePrefixes).toEqual(prefixes);
    const policy = contentSecurityPolicy({ nonce: "n", isDevelopment: false, storage: prefixes });
    expect(policy.split("; ")).toContain(["img-src 'self' data: blob:", ...prefixes].join(" "));
  });

  test("the process of the pages knows the address of the storage, and no key of it", () => {
    vi.stubEnv("R2_BUCKET_NAME", "files");
    vi.stubEnv("R2_ACCESS_KEY_ID", "key-id");
    vi.stubEnv("R2_SECRET_ACCESS_KEY", "canary");
    expect(pagesEnvironment()).toMatchObject({ R2_BUCKET_NAME: "files" });
    expect(Object.keys(pagesEnvironment()).filter((name) => /^R2_.*KEY/.test(name))).toEqual([]);
  });

  const STORAGE = ["https://s3.example.com/files/", "https://files.example.com/"];
  test.each([
    ["https://s3.example.com/files/a.png?X-Amz-Signature=x", true],
    ["https://files.example.com/images/a.png", true],
    ["https://s3.example.com/other/a.png", false],
    ["https://s3.example.com/files/../other/a.png", false],
    ["https://s3.example.com/files", false],
    ["https://s3.example.com.evil.example/files/a.png", false],
    ["https://x@s3.example.com/files/a.png", false],
    ["http://files.example.com/a.png", false],
    ["/files/a.png", false],
  ])("%s is one of them: %s", (address, isOne) => {
    expect(storedImage(address, STORAGE) !== undefined).toBe(isOne);
    expect(storedImage(address, [])).toBeUndefined();
  });

  const ID = "0b9f3f0e-8a56-4d3c-9a53-3f8e1c2d4b5a";
  test.each([
    [`/api/attachments/${ID}?redirect=true`, true],
    [`/api/attachments/${ID}`, true],
    [`/api/attachments/${ID}?redirect=true&x=secret`, false],
    [`/api/attachments/${ID}/../../keys`, false],
    ["/api/attachments/upload", false],
    ["/api/keys", false],
  ])("%s is loaded as a file of the user: %s", (address, isLoaded) => {
    expect(safeImage(address) !== undefined).toBe(isLoaded);
  });
});
