import { z } from "zod";
import { MODE_IDS } from "#lib/ai-models.ts";

/** Null: the account is gone. */
const authorSchema = z.object({ userId: z.uuid(), email: z.string().optional() }).nullable();
const common = {
  id: z.uuid(),
  note: z.string().optional(),
  expiresAt: z.string().optional(),
  createdAt: z.string(),
  createdBy: authorSchema,
  updatedAt: z.string(),
  updatedBy: authorSchema,
};

export const overrideSchema = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("off"),
    engine: z.string().optional(),
    provider: z.string().optional(),
    mode: z.enum(MODE_IDS).optional(),
    ...common,
  }),
  z.object({ kind: z.literal("order"), mode: z.enum(MODE_IDS), engines: z.array(z.string()), ...common }),
]);

const instanceSchema = z.object({
  id: z.uuid(),
  host: z.string(),
  pid: z.number(),
  version: z.string(),
  startedAt: z.string(),
  seenAt: z.string(),
});

export const overrideListSchema = z.object({
  overrides: z.array(overrideSchema),
  /** The instances that these reach, and how this one learns of changes; absent without a service role. */
  instances: z
    .object({
      thisInstance: z.uuid(),
      refreshedMsAgo: z.number().optional(),
      failure: z.string().optional(),
      running: z.array(instanceSchema),
    })
    .optional(),
});
