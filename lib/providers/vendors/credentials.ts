import { createHash } from "node:crypto";
import { headerSetting, type Setting, wrongSetting } from "#lib/providers/vendors/settings.ts";

/** A provider's credential: a key, or an account id with its token (Cloudflare). */
export type Credential =
  | { kind: "key"; key: string }
  /** The account id goes into the URL, the token into a header. */
  | { kind: "account"; account: string; token: string };

/** A credential of a pool, identified by its fingerprint, which is the same in every instance. */
export type EngineKey = Credential & {
  /** The first digits of a SHA-256; empty for a provider that needs no key. */
  fingerprint: string;
};

/** The variables that hold a provider's credentials; `NAME` means the pool `NAME`, `NAME_2` … */
export type CredentialSource =
  /** No key is needed. A built-in provider is then enabled by its base URL. */
  | { kind: "none" }
  | { kind: "key"; env: string }
  /**
   * Pairs: `accountEnv` with `tokenEnv`, `accountEnv_2` with `tokenEnv_2` …
   * `path` goes between the base URL and the request's path; `{account}` in it is replaced.
   */
  | { kind: "account"; accountEnv: string; tokenEnv: string; path: string };

const MAX_KEYS = 50;
/** Enough hexadecimal digits to distinguish the keys of a pool, too few to reveal a key. */
const FINGERPRINT_DIGITS = 8;
const ACCOUNT = "{account}";

/** The names of the pools that hold a provider's credentials. */
export function credentialVariables(source: CredentialSource): string[] {
  switch (source.kind) {
    case "none":
      return [];
    case "key":
      return [source.env];
    case "account":
      return [source.accountEnv, source.tokenEnv];
  }
}

/**
 * The configured credentials, without duplicates; the numbers may have gaps. Empty for a provider that needs
 * none. Throws `not_configured` for a value that is not valid in a header, and for half of a pair.
 */
export function readKeyPool(setting: Setting, source: CredentialSource): EngineKey[] {
  const pool = new Map<string, EngineKey>();
  for (let number = 1; number <= MAX_KEYS; number++) {
    const suffix = number === 1 ? "" : `_${number}`;
    const credential = readCredential(setting, source, suffix);
    if (credential !== undefined) pool.set(secretsOf(credential).join("\n"), engineKey(credential));
  }
  return [...pool.values()];
}

function readCredential(setting: Setting, source: CredentialSource, suffix: string): Credential | undefined {
  switch (source.kind) {
    case "none":
      return undefined;
    case "key": {
      const key = headerSetting(setting, source.env + suffix);
      return key === undefined ? undefined : { kind: "key", key };
    }
    case "account": {
      const [accountName, tokenName] = [source.accountEnv + suffix, source.tokenEnv + suffix];
      const account = headerSetting(setting, accountName);
      const token = headerSetting(setting, tokenName);
      if (account !== undefined && token !== undefined) return { kind: "account", account, token };
      if (account !== undefined) throw wrongSetting(tokenName, `it must be set, since ${accountName} is`);
      if (token !== undefined) throw wrongSetting(accountName, `it must be set, since ${tokenName} is`);
      return undefined;
    }
  }
}

/**
 * The credential with its fingerprint, which is computed once, when the configuration is read. For a key it
 * is the beginning of `printf %s "$KEY" | sha256sum`; for an account, the same of `account:token`, since one
 * token may serve several accounts.
 */
export function engineKey(credential: Credential): EngineKey {
  const text = credential.kind === "key" ? credential.key : `${credential.account}:${credential.token}`;
  const digest = text === "" ? "" : createHash("sha256").update(text).digest("hex");
  return { ...credential, fingerprint: digest.slice(0, FINGERPRINT_DIGITS) };
}

/** The key of a provider that needs none, so that every engine has one. */
export const NO_KEY: EngineKey = engineKey({ kind: "key", key: "" });

/** The parts of a credential that must not appear in logs or answers. */
export function secretsOf(credential: Credential): string[] {
  return credential.kind === "key" ? [credential.key] : [credential.token, credential.account];
}

/** The secret that authenticates: the key or the account's token. */
export function tokenOf(credential: Credential): string {
  return credential.kind === "key" ? credential.key : credential.token;
}

/** The URL prefix of requests with this credential: the base URL and, for an account, its path. */
export function endpointOf(baseUrl: string, source: CredentialSource, credential: Credential): string {
  if (source.kind !== "account" || credential.kind !== "account") return baseUrl;
  return baseUrl + source.path.replace(ACCOUNT, encodeURIComponent(credential.account));
}
