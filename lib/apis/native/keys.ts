import { z } from "zod";
import { MODE_IDS } from "#lib/ai-models.ts";
import { stripInvisible } from "#lib/prompts/sanitize.ts";
import { NAMED_MODE } from "#lib/router/named-mode.ts";

/** The modes that a key may be limited to; `named` allows naming engines. */
export const KEY_MODES = [...MODE_IDS, NAMED_MODE] as const;

const BUDGET_NOTE =
  "Calls of freeProviders are taken to cost 0 and never count. If you pay one of them, add it to PAID_PROVIDERS.";

/** The body of `POST /api/keys`. Strict, so that a typo cannot create a key without a limit. */
export const gatewayKeyBodySchema = z.strictObject({
  name: z
    .string()
    .trim()
    .min(1, "must not be empty")
    .max(100)
    .refine((name) => stripInvisible(name) === name && !/[\t\n\r]/.test(name), "must be plain text"),
  requestsPerMinute: z.int().min(1).max(1_000_000).nullish(),
  usdPerMonth: z.number().min(0).max(1_000_000_000).nullish(),
  modes: z.array(z.enum(KEY_MODES)).min(1).max(50).nullish(),
});

type Limits = {
  requestsPerMinute?: number | undefined;
  usdPerMonth?: number | undefined;
  modes?: string[] | undefined;
};

export type WantedKey = { name: string; limits: Limits };

export function readGatewayKey(body: z.output<typeof gatewayKeyBodySchema>): WantedKey {
  const { name, requestsPerMinute, usdPerMonth, modes } = body;
  return {
    name,
    limits: {
      requestsPerMinute: requestsPerMinute ?? undefined,
      usdPerMonth: usdPerMonth ?? undefined,
      modes: modes == null ? undefined : [...new Set(modes)],
    },
  };
}

/** The fields of a key in all answers. */
export type ShownKey = { id: string; name: string; prefix: string; limits: Limits; createdAt: string };

export type ListedKey = ShownKey & {
  spentUsdThisMonth: number;
  lastUsedAt: string | null;
  revokedAt: string | null;
};

/** The calls that a budget counts on this gateway. */
export type KeyBudget = { countedProviders: string[]; freeProviders: string[]; countedModels: string[] };

/** The body of `GET /api/keys`. */
export function keyListBody(keys: readonly ListedKey[]): object {
  return {
    keys: keys.map((key) => ({
      ...shown(key),
      spentUsdThisMonth: key.spentUsdThisMonth,
      lastUsedAt: key.lastUsedAt,
      revokedAt: key.revokedAt,
    })),
  };
}

/** The answer to `POST /api/keys`, the only one with the key itself. */
export function createdKeyBody(made: ShownKey & { key: string }, budget: KeyBudget | undefined): object {
  return {
    key: made.key,
    ...shown(made),
    ...(budget === undefined ? {} : { budget: { ...budget, note: BUDGET_NOTE } }),
  };
}

function shown({ id, name, prefix, limits, createdAt }: ShownKey): Record<string, unknown> {
  return {
    id,
    name,
    prefix,
    requestsPerMinute: limits.requestsPerMinute ?? null,
    usdPerMonth: limits.usdPerMonth ?? null,
    modes: limits.modes ?? null,
    createdAt,
  };
}
