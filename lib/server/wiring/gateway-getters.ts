import type { Env } from "#lib/server/env/env.ts";
import type { LiveProviders } from "#lib/server/wiring/live-providers.ts";
import type { Parts } from "#lib/server/wiring/parts.ts";
import { engineSourceOf } from "#lib/server/wiring/providers.ts";
import { derived } from "#lib/shared/lazy.ts";

/** What follows from the catalogue of the moment. */
export function ofCatalogue(live: LiveProviders, env: Env) {
  const engineSource = derived(
    () => live.current,
    (providers) => engineSourceOf(env, providers),
  );
  return {
    get registry() {
      return live.current.registry;
    },
    get engineSource() {
      return engineSource.value;
    },
    get sandboxed() {
      return engineSource.value === "sandbox";
    },
  };
}

/** The parts that routes use under their own names. */
const SERVED = [
  "accounts",
  "admin",
  "bodies",
  "chat",
  "completion",
  "embeddings",
  "files",
  "health",
  "images",
  "manus",
  "mcp",
  "memories",
  "modelCheck",
  "pdfs",
  "plugins",
  "quota",
  "sessions",
  "shared",
  "speech",
  "storage",
  "toolServing",
  "transcription",
  "workbooks",
] as const satisfies readonly (keyof Parts)[];

type ServedParts = { readonly [Name in (typeof SERVED)[number]]: Parts[Name]["value"] };

/** What routes use of the parts; reading one makes it. */
export function partsOf(parts: Parts) {
  const served = {};
  for (const name of SERVED) {
    Object.defineProperty(served, name, { enumerable: true, get: () => parts[name].value });
  }
  return withGetters(served as ServedParts, {
    get authenticator() {
      return parts.identity.value.authenticator;
    },
    get isAdmin() {
      return parts.identity.value.isAdmin;
    },
    get keys() {
      return parts.identity.value.keys;
    },
    get ledger() {
      return parts.ledger.value.ledger;
    },
  });
}

/** `first` with the members of the second object; getters stay getters. */
export function withGetters<First extends object, Second extends object>(
  first: First,
  second: Second,
): First & Second {
  return Object.defineProperties(first, Object.getOwnPropertyDescriptors(second)) as First & Second;
}
