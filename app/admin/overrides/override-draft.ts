import { adminStrings } from "../../_strings/admin.ts";

/** The modes whose chains can be changed. */
export const CHAIN_MODES = ["smart", "reasoner", "live", "fast", "coder", "vision"] as const;

/** What a new override's form holds, as it was typed. */
export type OverrideDraft = {
  kind: "provider" | "engine" | "order";
  target: string;
  /** Empty: everywhere. */
  mode: string;
  /** One a line. */
  engines: string;
  note: string;
  /** In the reader's own zone; empty: never. */
  expiresAt: string;
};

export const NEW_DRAFT: OverrideDraft = {
  ...{ kind: "provider", target: "", mode: "", engines: "", note: "", expiresAt: "" },
};

/** What is missing before the draft can be sent; undefined if nothing is. */
export function problemOf({ kind, target, engines }: OverrideDraft): string | undefined {
  if (kind === "order") return engines.trim() === "" ? adminStrings.form.enginesMissing : undefined;
  return target.trim() === "" ? adminStrings.form.targetMissing : undefined;
}

/** The body of `PUT /api/admin/overrides`. */
export function bodyOf({ kind, target, mode, engines, note, expiresAt }: OverrideDraft): object {
  const common = {
    note: note.trim() === "" ? null : note.trim(),
    expiresAt: expiresAt === "" ? null : new Date(expiresAt).toISOString(),
  };
  if (kind === "order") {
    return { kind, mode: mode || CHAIN_MODES[0], engines: engines.split(/\s+/).filter(Boolean), ...common };
  }
  return { kind: "off", [kind]: target.trim(), mode: mode === "" ? null : mode, ...common };
}
