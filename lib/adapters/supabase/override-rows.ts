import { z } from "zod";
import { MODE_IDS } from "#lib/ai-models.ts";
import type { Author, Override, OverrideList, OverrideRule } from "#lib/services/overrides/override.ts";

const modeSchema = z.enum(MODE_IDS);
const common = {
  id: z.string(),
  note: z.string().nullable(),
  created_by: z.string().nullable(),
  created_by_email: z.string().nullable(),
  created_at: z.string(),
  updated_by: z.string().nullable(),
  updated_by_email: z.string().nullable(),
  updated_at: z.string(),
  expires_at: z.string().nullable(),
  expires_in_ms: z.number().nullable(),
};
const rowSchema = z.discriminatedUnion("kind", [
  z.object({
    ...common,
    kind: z.literal("off"),
    mode: modeSchema.nullable(),
    provider: z.string(),
    model: z.string().nullable(),
  }),
  z.object({ ...common, kind: z.literal("order"), mode: modeSchema, engines: z.array(z.string()) }),
]);
type OverrideRow = z.output<typeof rowSchema>;

export const overrideListSchema = z.object({ version: z.number(), overrides: z.array(z.unknown()) });

/** Rows of a kind or a mode that this version does not know are left out: a newer gateway has made them. */
export function toOverrideList({ version, overrides }: z.output<typeof overrideListSchema>): OverrideList {
  return {
    version,
    overrides: overrides.flatMap((row) => {
      const parsed = rowSchema.safeParse(row);
      return parsed.success ? toOverride(parsed.data) : [];
    }),
  };
}

function toOverride(row: OverrideRow): Override {
  return {
    id: row.id,
    rule: ruleOf(row),
    note: row.note ?? undefined,
    expiresAt: row.expires_at === null ? undefined : new Date(row.expires_at).toISOString(),
    expiresInMs: row.expires_in_ms ?? undefined,
    createdAt: new Date(row.created_at).toISOString(),
    createdBy: authorOf(row.created_by, row.created_by_email),
    updatedAt: new Date(row.updated_at).toISOString(),
    updatedBy: authorOf(row.updated_by, row.updated_by_email),
  };
}

function ruleOf(row: OverrideRow): OverrideRule {
  switch (row.kind) {
    case "off":
      return {
        kind: row.kind,
        target: { provider: row.provider, model: row.model ?? undefined },
        mode: row.mode ?? undefined,
      };
    case "order":
      return { kind: row.kind, mode: row.mode, engines: row.engines };
  }
}

function authorOf(userId: string | null, email: string | null): Author | undefined {
  return userId === null ? undefined : { userId, email: email ?? undefined };
}
