import type { KeyView } from "#lib/browser/keys.ts";

/** What is open above the list. */
export type KeyDialog =
  | { kind: "create" }
  | { kind: "change"; key: KeyView }
  | { kind: "rotate"; key: KeyView }
  | { kind: "revoke"; key: KeyView }
  | { kind: "shown"; secret: string };
