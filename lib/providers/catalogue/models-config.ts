import { z } from "zod";
import { DEFAULT_MODES, MODE_IDS, type Mode, type Modes } from "#lib/ai-models.ts";
import { CAPABILITIES } from "#lib/chat/capabilities.ts";
import { isModelId } from "#lib/providers/catalogue/model-rules.ts";
import { baseUrlProblem } from "#lib/providers/vendors/base-url.ts";
import type { OperatorProvider } from "#lib/providers/vendors/operator-provider.ts";
import { OPENAI_PROTOCOLS, PROTOCOL_IDS, type ProviderDefinition } from "#lib/providers/vendors/provider.ts";
import { PROVIDER_ALIASES, PROVIDERS } from "#lib/providers/vendors/providers.ts";
import { type Located, mistake, parseChecked } from "#lib/shared/located-yaml.ts";

/** The modes with their chains, and the providers that the operator defined. */
export type Catalogue = { modes: Modes; providers: readonly OperatorProvider[] };

export const DEFAULT_CATALOGUE: Catalogue = { modes: DEFAULT_MODES, providers: [] };

const engineSchema = z.strictObject({
  provider: z.string().min(1),
  model: z
    .string()
    .refine(
      isModelId,
      "must be up to 128 letters, digits and _ . : @ / -, without empty, `.` or `..` segments",
    ),
  label: z
    .string()
    .min(1)
    .regex(/^\P{Cc}*$/u, "must not hold control characters")
    .optional(),
  contextTokens: z.int().positive().optional(),
  maxOutputTokens: z.int().positive().optional(),
  capabilities: z.partialRecord(z.enum(CAPABILITIES), z.boolean()).optional(),
  protocol: z.enum(OPENAI_PROTOCOLS).optional(),
});
const modeSchema = z.strictObject({
  name: z.string().min(1).optional(),
  tagline: z.string().optional(),
  perUserDailyLimit: z.int().nonnegative().optional(),
  totalDailyCapacity: z.int().nonnegative().optional(),
  depth: z.int().optional(),
  webSearch: z.boolean().optional(),
  failover: z.array(engineSchema).min(1).optional(),
});
const providerSchema = z.strictObject({
  id: z.string().regex(/^[a-z0-9][a-z0-9-]{0,63}$/, "must be lower-case letters, digits and dashes"),
  baseUrl: z.string().superRefine((text, context) => {
    const problem = baseUrlProblem(text);
    if (problem !== undefined) context.addIssue({ code: "custom", message: problem });
  }),
  apiKeyEnv: z
    .string()
    .regex(/^[A-Z][A-Z0-9_]*$/, "must be the name of an environment variable")
    .optional(),
  protocol: z.enum(PROTOCOL_IDS).default("openai-compatible"),
});
const configSchema = z.strictObject({
  note: z.string().optional(),
  extends: z.literal("default").optional(),
  providers: z.array(providerSchema).default([]),
  modes: z.partialRecord(z.enum(MODE_IDS), modeSchema).default({}),
});
type ModelsConfig = z.infer<typeof configSchema>;

/** Ids that an operator's provider cannot have. A built-in provider is changed by its base-URL variable. */
const RESERVED_IDS: ReadonlySet<string> = new Set([
  ...PROVIDERS.map((provider) => provider.id),
  ...Object.keys(PROVIDER_ALIASES),
  "sandbox",
]);

/**
 * The catalogue that `MODELS_CONFIG` describes, in YAML or JSON.
 * Throws `not_configured` with the line of the first mistake.
 * @param source the name of the text in errors.
 */
export async function parseModelsConfig(text: string, source: string): Promise<Catalogue> {
  const { value: config, ...located } = await parseChecked(text, source, configSchema);
  const taken = new Set(RESERVED_IDS);
  config.providers.forEach(({ id }, index) => {
    if (!taken.has(id)) return void taken.add(id);
    throw mistake(
      source,
      located.lineOf(["providers", index, "id"]),
      `the provider id "${id}" is taken; choose another`,
    );
  });
  const protocols = new Map<string, ProviderDefinition["protocol"]>(
    [...PROVIDERS, ...config.providers].map(({ id, protocol }) => [id, protocol]),
  );
  for (const id of MODE_IDS) {
    config.modes[id]?.failover?.forEach(({ provider, protocol }, index) => {
      const spoken = protocols.get(PROVIDER_ALIASES[provider] ?? provider);
      if (spoken !== undefined && (protocol === undefined || isOpenAi(spoken))) return;
      const culprit = spoken === undefined ? "provider" : "protocol";
      const line = located.lineOf(["modes", id, "failover", index, culprit]);
      throw mistake(
        source,
        line,
        spoken === undefined
          ? `unknown provider "${provider}"; define it under "providers"`
          : `the provider "${provider}" speaks only its own protocol; leave out "protocol"`,
      );
    });
  }
  return { modes: mergeModes(config, located, source), providers: config.providers };
}

function isOpenAi(protocol: ProviderDefinition["protocol"]): boolean {
  return OPENAI_PROTOCOLS.some((one) => one === protocol);
}

function mergeModes(config: ModelsConfig, located: Pick<Located, "lineOf">, source: string): Modes {
  const merge = (id: keyof Modes): Mode => {
    const own = config.modes[id];
    const base = DEFAULT_MODES[id];
    if (config.extends === undefined && own?.failover === undefined) {
      const problem = `mode "${id}" has no failover chain; add one, or set "extends: default" to keep the built-in one`;
      throw mistake(source, located.lineOf(["modes", id]), problem);
    }
    return {
      name: own?.name ?? base.name,
      tagline: own?.tagline ?? base.tagline,
      perUserDailyLimit: own?.perUserDailyLimit ?? base.perUserDailyLimit,
      totalDailyCapacity: own?.totalDailyCapacity ?? base.totalDailyCapacity,
      webSearch: own?.webSearch ?? base.webSearch,
      failover:
        own?.failover?.map((engine) => ({
          ...engine,
          label: engine.label ?? `${engine.provider} ${engine.model}`,
        })) ?? base.failover,
    };
  };
  return {
    smart: merge("smart"),
    reasoner: merge("reasoner"),
    live: merge("live"),
    fast: merge("fast"),
    coder: merge("coder"),
    vision: merge("vision"),
  };
}
