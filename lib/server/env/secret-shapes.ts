import { credentialVariables } from "#lib/providers/vendors/credentials.ts";
import { PROVIDERS } from "#lib/providers/vendors/providers.ts";
import type { Setting } from "#lib/providers/vendors/settings.ts";
import { parseJson, stringField } from "#lib/shared/json.ts";

/** What a Supabase key allows: nothing by itself, everything, or acting as one user. */
export type SupabaseKeyKind = "publishable" | "secret" | "user";

/** The kind of a key, by its prefix or by the role that a JWT claims; undefined for any other text. */
export function supabaseKeyKind(key: string): SupabaseKeyKind | undefined {
  if (key.startsWith("sb_publishable_")) return "publishable";
  if (key.startsWith("sb_secret_")) return "secret";
  const [, payload] = /^eyJ[\w-]+\.([\w-]+)\.[\w-]*$/.exec(key) ?? [];
  if (payload === undefined) return undefined;
  const role = stringField(parseJson(Buffer.from(payload, "base64url").toString("utf8")), "role");
  switch (role) {
    case "anon":
      return "publishable";
    case "service_role":
    case "supabase_admin":
      return "secret";
    case "authenticated":
      return "user";
    default:
      return undefined;
  }
}

const PUBLIC = "NEXT_PUBLIC_";
const SECRET_NAMES = [
  "SUPABASE_SERVICE_ROLE_KEY",
  "SUPABASE_JWT_SECRET",
  "METRICS_TOKEN",
  "MCP_INTERNAL_KEY",
  "MANUS_API_KEY",
  "MANUS_WEBHOOK_SECRET",
  "R2_SECRET_ACCESS_KEY",
  ...PROVIDERS.flatMap(({ credentials }) => credentialVariables(credentials)),
];
const SECRET_WORDS = /SERVICE_ROLE|SECRET|PASSWORD|PRIVATE_KEY/;
/** Keys of providers, and gateway keys. */
const SECRET_VALUE = /^(?:(?:sk|csk|xai|tvly)-|(?:sk_live|sk_test|gsk|ghp|github_pat|hf)_)[\w-]{12,}$/;
const PRIVATE_KEY = /^-----BEGIN [A-Z ]*PRIVATE KEY-----/;
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
/** What a secret looks like, if the name mentions one: a long run of base64 or hexadecimal characters. */
const RANDOM_TEXT = /^[A-Za-z0-9+/_-]{16,}={0,2}$/;
/** Two variables may share a shorter value by chance: `local`, `test`, `none`. */
const MIN_SHARED_SECRET = 8;

/**
 * The name of a variable that is public, because pages are built with it, but holds a secret: by its name, or
 * because its value looks like a secret or equals one of the gateway's. Undefined if there is none.
 */
export function publicSecret(names: readonly string[], setting: Setting): string | undefined {
  const secrets = new Set(
    names.filter(isOurSecret).flatMap((name) => {
      const value = setting(name) ?? "";
      return value.length < MIN_SHARED_SECRET ? [] : value;
    }),
  );
  return publicNames(names).find(({ name, plain }) => {
    const value = setting(name) ?? "";
    return isOurSecret(plain) || secrets.has(value) || isSecret(value, SECRET_WORDS.test(plain));
  })?.name;
}

/** Public variables whose names mention a secret, although their values do not look like one. */
export function suspiciousPublicNames(names: readonly string[]): string[] {
  return publicNames(names).flatMap(({ name, plain }) => (SECRET_WORDS.test(plain) ? name : []));
}

function publicNames(names: readonly string[]): { name: string; plain: string }[] {
  return names.flatMap((name) => (name.startsWith(PUBLIC) ? { name, plain: name.slice(PUBLIC.length) } : []));
}

/** Also numbered keys, of which a provider may have several. */
function isOurSecret(name: string): boolean {
  return SECRET_NAMES.includes(name.replace(/_\d+$/, ""));
}

/** A name alone proves nothing: NEXT_PUBLIC_PASSWORD_MIN_LENGTH is 8. */
function isSecret(value: string, isSuspicious: boolean): boolean {
  if (supabaseKeyKind(value) === "secret" || SECRET_VALUE.test(value) || PRIVATE_KEY.test(value)) return true;
  return isSuspicious && RANDOM_TEXT.test(value) && hasLettersAndDigits(value) && !UUID.test(value);
}

function hasLettersAndDigits(text: string): boolean {
  return /[a-z]/i.test(text) && /\d/.test(text);
}
