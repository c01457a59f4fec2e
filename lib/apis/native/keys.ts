import { z } from "zod";
import { MODE_IDS } from "#lib/ai-models.ts";
import { stripInvisible } from "#lib/prompts/sanitize.ts";
import { NAMED_MODE } from "#lib/router/named-mode.ts";

/** The modes that a key may be limited to; `named` allows naming engines. */
export const KEY_MODES = [...MODE_IDS, NAMED_MODE] as const;
/** How long the old secret of a rotated key is accepted, seconds: by default, and at most. */
export const DEFAULT_GRACE_SECONDS = 86_400;
export const MAX_GRACE_SECONDS = 30 * 86_400;

const MAX_PAGE = 200;
const BUDGET_NOTE =
  "Calls of freeProviders are taken to cost 0 and never count. If you pay one of them, add it to PAID_PROVIDERS.";
/** What a cursor says, before it is encoded: when the last key was made, in microseconds, and its id. */
const CURSOR = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?(?:Z|[+-]\d\d(?::?\d\d)?)) ([0-9a-f-]{36})$/;

const nameSchema = z
  .string()
  .trim()
  .min(1, "must not be empty")
  .max(100)
  .refine((name) => stripInvisible(name) === name && !/[\t\n\r]/.test(name), "must be plain text");
const limitFields = {
  requestsPerMinute: z.int().min(1).max(1_000_000).nullish(),
  requestsAtOnce: z.int().min(1).max(100_000).nullish(),
  usdPerMonth: z.number().min(0).max(1_000_000_000).nullish(),
  modes: z.array(z.enum(KEY_MODES)).min(1).max(50).nullish(),
  expiresAt: z.iso
    .datetime({ offset: true, error: 'must be a time in ISO 8601, such as "2027-01-31T12:00:00Z"' })
    .nullish(),
};

/** The body of `POST /api/keys`. Strict, so that a typo cannot create a key without a limit. */
export const gatewayKeyBodySchema = z.strictObject({
  name: nameSchema,
  ...limitFields,
  userId: z.uuid().optional().describe("For an administrator: another user, who is to own the key."),
});

/** The body of `PATCH /api/keys/[id]`. */
export const keyChangesSchema = z
  .strictObject({ name: nameSchema.optional(), ...limitFields })
  .refine((body) => Object.values(body).some((value) => value !== undefined), "names nothing to change");

/** The body of `POST /api/keys/[id]/rotate`. */
export const rotationSchema = z.strictObject({
  graceSeconds: z.int().min(0).max(MAX_GRACE_SECONDS).default(DEFAULT_GRACE_SECONDS),
});

/** The query of `GET /api/keys`. */
export const keyListQuerySchema = z.object({
  all: z.enum(["true", "false"]).optional().describe("`true`, for administrators: the keys of all users."),
  user_id: z.string().max(100).optional().describe("For administrators: the keys of this user, in pages."),
  limit: z.coerce.number().int().min(1).max(MAX_PAGE).default(50).describe("Keys of a page."),
  cursor: z
    .string()
    .max(200)
    .transform((text, context) => {
      const [, createdAt, id] = CURSOR.exec(Buffer.from(text, "base64url").toString("latin1")) ?? [];
      if (createdAt !== undefined && id !== undefined) return { createdAt, id };
      context.addIssue({ code: "custom", message: "is not a nextCursor of this list" });
      return z.NEVER;
    })
    .optional()
    .describe("The `nextCursor` of the page before."),
});

type Limits = {
  requestsPerMinute?: number | undefined;
  requestsAtOnce?: number | undefined;
  usdPerMonth?: number | undefined;
  modes?: string[] | undefined;
};

export type WantedKey = {
  name: string;
  limits: Limits;
  expiresAt: string | undefined;
  /** Who is to own it; by default, who creates it. */
  userId: string | undefined;
};

export function readGatewayKey(body: z.output<typeof gatewayKeyBodySchema>): WantedKey {
  const { name, requestsPerMinute, requestsAtOnce, usdPerMonth, modes, expiresAt, userId } = body;
  return {
    name,
    limits: {
      requestsPerMinute: requestsPerMinute ?? undefined,
      requestsAtOnce: requestsAtOnce ?? undefined,
      usdPerMonth: usdPerMonth ?? undefined,
      modes: modes == null ? undefined : [...new Set(modes)],
    },
    expiresAt: expiresAt ?? undefined,
    userId: userId?.toLowerCase(),
  };
}

type Changes = z.output<typeof keyChangesSchema>;

export function readKeyChanges({ modes, ...changes }: Changes): Omit<Changes, "modes"> & {
  modes?: string[] | null;
} {
  return modes === undefined ? changes : { ...changes, modes: modes === null ? null : [...new Set(modes)] };
}

/** A key in all answers. */
export type ShownKey = {
  id: string;
  userId: string;
  name: string;
  prefix: string;
  limits: Limits;
  createdAt: string;
  expiresAt: string | null;
  rotatedAt: string | null;
  previousValidUntil: string | null;
  lastUsedAt: string | null;
  revokedAt: string | null;
  requestsToday: number;
  spentUsdToday: number;
  spentUsdThisMonth: number;
  inFlight: number | null;
  adminActions: readonly { action: string; actorId: string; at: string }[];
};

/** The calls that a budget counts on this gateway. */
export type KeyBudget = { countedProviders: string[]; freeProviders: string[]; countedModels: string[] };

/** The body of `GET /api/keys`. */
export function keyListBody(keys: readonly ShownKey[], next?: { createdAt: string; id: string }): object {
  const list = { keys: keys.map(shownKey) };
  if (next === undefined) return list;
  return { ...list, nextCursor: Buffer.from(`${next.createdAt} ${next.id}`).toString("base64url") };
}

/** A key by itself. */
export function keyBody(key: ShownKey, budget?: KeyBudget): object {
  const adminActions = key.adminActions.map(({ action, actorId, at }) => ({ action, actorId, at }));
  return { ...shownKey(key), adminActions, ...budgetBody(budget) };
}

/** The answers to `POST /api/keys` and to a rotation, the only ones with the key itself. */
export function secretKeyBody(made: ShownKey & { key: string }, budget?: KeyBudget): object {
  return { key: made.key, ...shownKey(made), ...budgetBody(budget) };
}

function budgetBody(budget: KeyBudget | undefined): object {
  return budget === undefined ? {} : { budget: { ...budget, note: BUDGET_NOTE } };
}

function shownKey({ limits, ...key }: ShownKey): Record<string, unknown> {
  return {
    id: key.id,
    userId: key.userId,
    name: key.name,
    prefix: key.prefix,
    requestsPerMinute: limits.requestsPerMinute ?? null,
    requestsAtOnce: limits.requestsAtOnce ?? null,
    usdPerMonth: limits.usdPerMonth ?? null,
    modes: limits.modes ?? null,
    createdAt: key.createdAt,
    expiresAt: key.expiresAt,
    rotatedAt: key.rotatedAt,
    previousValidUntil: key.previousValidUntil,
    lastUsedAt: key.lastUsedAt,
    revokedAt: key.revokedAt,
    requestsToday: key.requestsToday,
    spentUsdToday: key.spentUsdToday,
    spentUsdThisMonth: key.spentUsdThisMonth,
    inFlight: key.inFlight,
  };
}
