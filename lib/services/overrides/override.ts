import type { ModeId } from "#lib/ai-models.ts";

/** An engine (`provider/model`), or a provider with all its models. */
export type OffTarget = { provider: string; model: string | undefined };

/** What an administrator changes about the engines. */
export type OverrideRule =
  /** Not called, in one mode or, without one, everywhere. */
  | { kind: "off"; target: OffTarget; mode: ModeId | undefined }
  /** The chain of the mode begins with these engines (`provider/model`); its others follow in their order. */
  | { kind: "order"; mode: ModeId; engines: readonly string[] };

/** What an administrator sends. */
export type WantedOverride = {
  rule: OverrideRule;
  note: string | undefined;
  /** ISO time. */
  expiresAt: string | undefined;
};

/** Who changed it; undefined for somebody whose account is gone. */
export type Author = { userId: string; email: string | undefined };

/** An override as it is kept. */
export type Override = WantedOverride & {
  id: string;
  createdAt: string;
  createdBy: Author | undefined;
  updatedAt: string;
  updatedBy: Author | undefined;
  /** Milliseconds until it expires, by the database's clock. */
  expiresInMs: number | undefined;
};

/** All overrides that apply, and the version of the list. */
export type OverrideList = { version: number; overrides: readonly Override[] };
