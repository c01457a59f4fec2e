import { z } from "zod";

const gatewayKey = z.object({
  id: z.uuid(),
  name: z.string(),
  prefix: z.string(),
  requestsPerMinute: z.int().nullable(),
  usdPerMonth: z.number().nullable(),
  modes: z.array(z.string()).nullable(),
  createdAt: z.string(),
});

export const keyListSchema = z.object({
  keys: z.array(
    gatewayKey.extend({
      spentUsdThisMonth: z.number(),
      lastUsedAt: z.string().nullable(),
      revokedAt: z.string().nullable(),
    }),
  ),
});

const budget = z.object({
  countedProviders: z.array(z.string()),
  freeProviders: z.array(z.string()),
  countedModels: z.array(z.string()),
  note: z.string(),
});

export const createdKeySchema = gatewayKey.extend({ key: z.string(), budget: budget.optional() });
