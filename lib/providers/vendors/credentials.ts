import { createHash } from "node:crypto";
import { headerSetting, type Setting, wrongSetting } from "#lib/providers/vendors/settings.ts";

/** What a provider is called with: a key, or an account together with its token (Cloudflare). */
export type Credential =
  | { kind: "key"; key: string }
  /** The account's id stands in the URL, the token in a header. */
  | { kind: "account"; account: string; token: string };

/** A credential of a pool, known by its fingerprint, which is the same in every instance. */
export type EngineKey = Credential & {
  /** The first digits of a SHA-256; empty for a provider that needs no key. */
  fingerprint: string;
};

/** Where a provider's credentials come from; `NAME` stands for the pool `NAME`, `NAME_2` … */
export type CredentialSource =
  /** No key is needed. A provider of ours is then switched on by its base URL. */
  | { kind: "none" }
  | { kind: "key"; env: string }
  /**
   * Pairs: `accountEnv` with `tokenEnv`, `accountEnv_2` with `tokenEnv_2` …
   * `path`: what stands between the base URL and a request's path, with the account in place of `{account}`.
   */
  | { kind: "account"; accountEnv: string; tokenEnv: string; path: string };

const MAX_KEYS = 50;
/** Hexadecimal digits that tell one key of a pool from another, and tell nothing of the key. */
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
 * The credentials that are configured: gaps in the numbers are allowed, duplicates are not counted twice.
 * Empty for a provider that needs none. Throws `not_configured` for a value that no header can carry and for
 * half of a pair.
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
 * The credential with its fingerprint. Costs a hash: done once, when the configuration is read. The
 * fingerprint of a key is what `printf %s "$KEY" | sha256sum` begins with; of an account, that of
 * `account:token`, since one token may serve several accounts.
 */
export function engineKey(credential: Credential): EngineKey {
  const text = credential.kind === "key" ? credential.key : `${credential.account}:${credential.token}`;
  const digest = text === "" ? "" : createHash("sha256").update(text).digest("hex");
  return { ...credential, fingerprint: digest.slice(0, FINGERPRINT_DIGITS) };
}

/** Stands in for the key of a provider that needs none, so that every engine has a key to walk. */
export const NO_KEY: EngineKey = engineKey({ kind: "key", key: "" });

/** What no log and no client may ever see of a credential. */
export function secretsOf(credential: Credential): string[] {
  return credential.kind === "key" ? [credential.key] : [credential.token, credential.account];
}

/** What authenticates: the key, or the account's token. */
export function tokenOf(credential: Credential): string {
  return credential.kind === "key" ? credential.key : credential.token;
}

/** What requests with this credential go to: the base URL, for an account with the account's own path. */
export function endpointOf(baseUrl: string, source: CredentialSource, credential: Credential): string {
  if (source.kind !== "account" || credential.kind !== "account") return baseUrl;
  return baseUrl + source.path.replace(ACCOUNT, encodeURIComponent(credential.account));
}
