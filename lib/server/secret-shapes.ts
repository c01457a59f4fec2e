import { PROVIDERS } from "#lib/providers/providers.ts";
import type { Setting } from "#lib/providers/registry.ts";
import { parseJson, stringField } from "#lib/shared/json.ts";

/** What a key of Supabase lets its holder do: nothing by itself, everything, or act as one user. */
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
  ...PROVIDERS.flatMap(({ keyEnv }) => keyEnv ?? []),
];
const SECRET_WORDS = /SERVICE_ROLE|SECRET|PASSWORD|PRIVATE_KEY/;
/** Keys of providers, and our own. */
const SECRET_VALUE = /^(?:sk|gsk|csk|xai|tvly|ghp|github_pat|hf)[-_][\w-]{12,}$/;

/**
 * A variable that pages are built with, and so everybody can read, although it holds a secret: by its name,
 * by the shape of its value, or because the value is one of ours. Its name, or undefined.
 */
export function publicSecret(names: readonly string[], setting: Setting): string | undefined {
  const secrets = new Set(SECRET_NAMES.flatMap((name) => setting(name) ?? []));
  return names.find((name) => {
    if (!name.startsWith(PUBLIC)) return false;
    const plain = name.slice(PUBLIC.length).replace(/_\d+$/, "");
    const value = setting(name) ?? "";
    return (
      SECRET_NAMES.includes(plain) ||
      SECRET_WORDS.test(plain) ||
      supabaseKeyKind(value) === "secret" ||
      SECRET_VALUE.test(value) ||
      secrets.has(value)
    );
  });
}
