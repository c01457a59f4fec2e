import { z } from "zod";

const gatewayKey = z.object({
  id: z.uuid(),
  userId: z.uuid(),
  name: z.string(),
  prefix: z.string(),
  requestsPerMinute: z.int().nullable(),
  requestsAtOnce: z.int().nullable(),
  usdPerMonth: z.number().nullable(),
  modes: z.array(z.string()).nullable(),
  createdAt: z.string(),
  expiresAt: z.string().nullable(),
  rotatedAt: z.string().nullable(),
  previousValidUntil: z
    .string()
    .nullable()
    .describe("Until when secrets from before a rotation are accepted."),
  lastUsedAt: z.string().nullable(),
  revokedAt: z.string().nullable(),
  requestsToday: z.int().describe("Of this UTC day, as far as they have ended."),
  spentUsdToday: z.number(),
  spentUsdThisMonth: z.number(),
  inFlight: z.int().nullable().describe("Requests under way; null without `requestsAtOnce`."),
});

export const keyListSchema = z.object({
  keys: z.array(gatewayKey),
  nextCursor: z.string().optional().describe("Of `?all=true` and `?user_id=`, if there are more."),
});

const budget = z.object({
  countedProviders: z.array(z.string()),
  freeProviders: z.array(z.string()),
  countedModels: z.array(z.string()),
  note: z.string(),
});

export const keySchema = gatewayKey.extend({
  adminActions: z
    .array(z.object({ action: z.string(), actorId: z.uuid(), at: z.string() }))
    .describe("What administrators did to the key of another user, the newest first."),
  budget: budget.optional(),
});

export const secretKeySchema = gatewayKey.extend({ key: z.string(), budget: budget.optional() });
