import type { SharedEntry } from "#lib/providers/health/shared-entry.ts";
import type { OverrideList } from "#lib/services/overrides/override.ts";

/** What an instance tells the others, and where it has stopped to read. */
export type SyncRequest = {
  instance: InstanceFacts;
  /** It has background work, so that a row of its own tells that it runs. */
  isLeased: boolean;
  entries: readonly SharedEntry[];
  /** Of the last answer; 0 at first. */
  cursor: number;
  overrideVersion: number | undefined;
  /** Of the last answer; undefined at first. */
  keyCursor: string | undefined;
};

export type InstanceFacts = { id: string; host: string; pid: number; version: string };

/** Ids of gateway keys, or any of them. */
export type ChangedKeys = readonly string[] | "all";

/** What has changed elsewhere. */
export type SyncAnswer = {
  cursor: number;
  /** As other instances have said it. */
  entries: readonly unknown[];
  /** Undefined if their version is the one that was named. */
  overrides: OverrideList | undefined;
  /** Undefined while the database cannot say. */
  keys: { cursor: string; changed: ChangedKeys } | undefined;
};

/** A process that runs, as its row says. Times are ISO. */
export type Instance = InstanceFacts & { startedAt: string; seenAt: string };

export type SharedStateStore = {
  /** Throws `database_unavailable`, or `not_configured` without the service role or the tables. */
  sync(request: SyncRequest, signal: AbortSignal): Promise<SyncAnswer>;
  /** The instances that were seen within the last minute, the oldest first. Throws as `sync` does. */
  instances(): Promise<readonly Instance[]>;
};
