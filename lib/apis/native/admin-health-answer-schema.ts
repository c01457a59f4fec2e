import { z } from "zod";

const time = z.iso.datetime();
const count = z.int().min(0);
const ifRead = "Null while the database cannot be read.";
const milliseconds = z.number().min(0).nullable();
const percentiles = z
  .object({ p50: milliseconds, p95: milliseconds, p99: milliseconds })
  .describe("Milliseconds. Null without a call that has it.");
const figures = {
  calls: count.nullable().describe(ifRead),
  succeeded: count.nullable().describe(ifRead),
  rateLimited: count.nullable().describe(`Answers with 429. ${ifRead}`),
  successRate: z
    .number()
    .min(0)
    .max(1)
    .nullable()
    .describe("Of the calls that no client cancelled, those that succeeded; null without any."),
  outcomes: z
    .record(z.string(), count)
    .nullable()
    .describe(`How many calls ended in each way: \`ok\`, or the kind of failure. ${ifRead}`),
  latencyMs: percentiles.nullable().describe("Of whole answers that succeeded."),
  firstTokenMs: percentiles
    .nullable()
    .describe("From the call to the first content, of all calls that delivered some."),
};
const breaker = z.enum(["closed", "open", "half_open"]);
const benchedUntil = time.optional().describe("Nothing of it is called before; absent if it can be called.");
const keyIndex = count.optional().describe("The place of the key in the provider's pool, from 0.");
const fingerprint = z.string().optional().describe("The first digits of the key's SHA-256.");
const bench = z.object({
  level: z.enum(["key_and_model", "key", "model", "provider"]),
  use: z.string().describe("What the engine was called for, such as `chat` or `embeddings`."),
  until: time,
  cause: z.string(),
  reason: z.string().describe("What the provider said."),
  keyIndex,
  fingerprint,
});
const engine = z.object({
  model: z.string(),
  modes: z.array(z.string()).describe("The modes whose chains have it."),
  ...figures,
  breaker,
  benchedUntil,
  dead: z.boolean().describe("The provider does not have this model (any more)."),
  benches: z.array(bench),
});
const provider = z.object({
  id: z.string(),
  configured: z.boolean(),
  ...figures,
  breaker: breaker.describe("The worst of the provider's address and of its engines."),
  benchedUntil,
  alarms: z
    .array(
      z.object({
        code: z.string().describe("Such as `no_credit`, `account_disabled`, `region` or `key_rejected`."),
        message: z.string().describe("What to do, and what the provider said."),
        since: time,
        retriedAt: time,
        keyIndex,
        fingerprint,
        model: z.string().optional(),
      }),
    )
    .describe("Faults that only the owner of the account can mend."),
  keys: z.array(
    z.object({
      index: count,
      fingerprint: z.string(),
      benchedUntil: time.optional(),
      cause: z.string().optional(),
    }),
  ),
  benches: z.array(bench).describe("Of the provider and of its keys. Those of models are with the engines."),
  engines: z.array(engine),
});

const usd = z.number();
const costPeriod = z.object({
  total: usd,
  paid: usd.describe("Of engines that bill."),
  free: usd.describe("Of engines on a free tier."),
  cachedSavings: usd.describe("What cached prompts would have cost more without the cache."),
  freeTierValue: usd.describe("What the calls of free tiers would have cost at list price."),
  calls: count.describe("Calls that used something."),
  unknownCalls: count.describe("Billed calls whose price is unknown. They are not in `total`."),
  estimatedCalls: count.describe("Calls whose tokens are an estimate, because no provider counted them."),
  models: z.array(
    z.object({
      provider: z.string(),
      model: z.string(),
      calls: count,
      paidCalls: count,
      promptTokens: count.describe("The whole prompts, what was cached included."),
      cachedTokens: count,
      cacheWriteTokens: count,
      completionTokens: count.describe("The whole answers, reasoning included."),
      reasoningTokens: count,
      costUsd: usd.describe("Of the calls whose cost is known."),
      listUsd: usd.describe("At list price, whether billed or not."),
      cachedSavingsUsd: usd,
      unknownCalls: count,
      estimatedCalls: count,
    }),
  ),
});

/** Another part of the gateway fills it. */
const block = (subject: string) =>
  z
    .looseObject({ error: z.string().optional().describe("Why the block could not be read.") })
    .optional()
    .describe(subject);

/** The answer of `GET /api/admin/health`. */
export const adminHealthSchema = z.object({
  generatedAt: time,
  window: z.object({ seconds: count, from: time }),
  process: z
    .object({
      version: z.string(),
      engines: z.enum(["providers", "sandbox", "none"]),
      startedAt: time,
    })
    .describe("The process that answered: breakers, benches and the ledger's gauges are its own."),
  database: z.object({
    status: z
      .enum(["ok", "unavailable", "not_ready"])
      .describe("`not_ready`: the migrations are missing, or the service role key is rejected."),
    message: z.string().optional().describe("What is wrong, and what to do."),
    complete: z
      .boolean()
      .optional()
      .describe("False after an update, while rows from before are still being added up."),
    percentiles: z
      .enum(["exact", "histogram"])
      .optional()
      .describe("Of every call, or of a histogram, which is at most a few percent off."),
  }),
  providers: z.array(provider),
  modes: z.array(
    z.object({
      mode: z.string(),
      turns: count.nullable().describe(ifRead),
      statuses: z
        .record(z.string(), count)
        .nullable()
        .describe(`How many turns ended in each way. ${ifRead}`),
      failoverDepth: z
        .object({ mean: z.number().min(0), max: count })
        .nullable()
        .describe(`Attempts of a turn beyond its first. ${ifRead}`),
      engines: z.array(z.string()).describe("Its chain as it is tried now, as `provider/model`."),
    }),
  ),
  cost: z
    .object({
      currency: z.literal("USD"),
      today: costPeriod.describe("The UTC day."),
      last7Days: costPeriod,
      last30Days: costPeriod,
    })
    .nullable()
    .describe(ifRead),
  ledger: z.object({
    waiting: count.describe("Turns that wait for the database."),
    parked: count.describe("Turns that the database has refused for good."),
    oldestSeconds: z.number().min(0),
  }),
  configuration: block("Where modes and prices come from, and what is wrong with a changed file."),
  prices: block("The sources of prices and their dates."),
  models: block("Models of the chains that their providers no longer list."),
  overrides: block("What administrators have switched off or reordered."),
  instances: block("The gateway's processes."),
});

/** The answer of `GET /api/admin/health`, and its parts. */
export type AdminHealth = z.infer<typeof adminHealthSchema>;
export type ProviderHealth = AdminHealth["providers"][number];
export type EngineHealthView = ProviderHealth["engines"][number];
export type ModeHealth = AdminHealth["modes"][number];
export type CostPeriod = z.infer<typeof costPeriod>;
