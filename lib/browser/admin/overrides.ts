import { textOf, textOrNull, textsOf } from "#lib/browser/admin/fields.ts";
import { arrayField, field } from "#lib/shared/json.ts";

/** What an administrator has switched off or reordered. */
export type OverrideView = {
  id: string;
  kind: "off" | "order";
  /** What is off: `provider/model`, or a provider; null for an order. */
  target: string | null;
  /** Null: everywhere. */
  mode: string | null;
  /** How the chain begins; empty unless it is an order. */
  engines: string[];
  note: string | null;
  expiresAt: string | null;
  updatedAt: string;
  /** Null: the account is gone. */
  updatedBy: string | null;
};

/** A process of the gateway that overrides reach. */
export type InstanceView = {
  id: string;
  host: string;
  pid: string;
  version: string;
  startedAt: string;
  /** It answered the request. */
  isThis: boolean;
};

/** The answer of `GET /api/admin/overrides`. */
export function readOverrides(answer: unknown): { overrides: OverrideView[]; instances: InstanceView[] } {
  const instances = field(answer, "instances");
  return {
    overrides: arrayField(answer, "overrides").map(readOverride),
    instances: arrayField(instances, "running").map((instance) => ({
      id: textOf(instance, "id"),
      host: textOf(instance, "host"),
      pid: String(field(instance, "pid") ?? ""),
      version: textOf(instance, "version"),
      startedAt: textOf(instance, "startedAt"),
      isThis: textOf(instance, "id") === textOrNull(instances, "thisInstance"),
    })),
  };
}

function readOverride(override: unknown): OverrideView {
  const author = field(override, "updatedBy");
  return {
    id: textOf(override, "id"),
    kind: field(override, "kind") === "order" ? "order" : "off",
    target: textOrNull(override, "engine") ?? textOrNull(override, "provider"),
    mode: textOrNull(override, "mode"),
    engines: textsOf(override, "engines"),
    note: textOrNull(override, "note"),
    expiresAt: textOrNull(override, "expiresAt"),
    updatedAt: textOf(override, "updatedAt"),
    updatedBy: textOrNull(author, "email") ?? textOrNull(author, "userId"),
  };
}
