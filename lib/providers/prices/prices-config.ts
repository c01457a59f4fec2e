import { z } from "zod";
import { isModelId } from "#lib/providers/catalogue/model-rules.ts";
import type { Price } from "#lib/providers/prices/price.ts";
import type { PriceOverride, PriceOverrides } from "#lib/providers/prices/price-overrides.ts";
import { PROVIDER_ALIASES, PROVIDERS } from "#lib/providers/vendors/providers.ts";
import { type Located, mistake, parseChecked } from "#lib/shared/located-yaml.ts";

/** USD of a million tokens, a thousand searches, an image or a minute of sound. More is a mistake of the unit. */
const usd = z.number().nonnegative().max(100_000);
const rates = {
  cachedInput: usd.optional(),
  cacheWrite: usd.optional(),
  cacheWriteHour: usd.optional(),
  audioInput: usd.optional(),
  audioOutput: usd.optional(),
  reasoning: usd.optional(),
};
const entrySchema = z
  .strictObject({
    input: usd.optional(),
    output: usd.optional(),
    ...rates,
    longPrompts: z
      .array(z.strictObject({ above: z.int().positive(), input: usd, output: usd, ...rates }))
      .optional(),
    webSearches: usd.optional(),
    image: usd.optional(),
    audioMinute: usd.optional(),
    free: z.boolean().default(false),
    source: z.string().max(200).optional(),
    asOf: z.iso.date().optional(),
  })
  .superRefine(({ input, output, free, source: _, asOf: __, ...others }, context) => {
    const isPriced = input !== undefined && output !== undefined;
    const isBare = input === undefined && output === undefined && Object.keys(others).length === 0;
    if (isPriced || (isBare && free)) return;
    const missing = input === undefined ? "input" : "output";
    const message = `needs "${missing}", in USD for a million tokens`;
    context.addIssue({ code: "custom", message: isBare ? `${message}, or "free: true"` : message });
  });
type Entry = z.infer<typeof entrySchema>;

const configSchema = z.record(z.string(), entrySchema);

const KNOWN_PROVIDERS: ReadonlySet<string> = new Set(PROVIDERS.map(({ id }) => id));

/**
 * The operator's prices that `PRICES_CONFIG` describes, in YAML or JSON: by `provider/model`, or by model for every
 * provider. Throws `not_configured` with the line of the first mistake.
 * @param source the name of the text in errors.
 */
export async function parsePricesConfig(text: string, source: string): Promise<PriceOverrides> {
  const { value, lineOf } = await parseChecked(text, source, configSchema);
  const engines = new Map<string, PriceOverride>();
  const models = new Map<string, PriceOverride>();
  for (const [name, entry] of Object.entries(value)) {
    assertName(name, source, lineOf);
    const override = overrideFrom(entry);
    const { engine, model } = keysOf(name);
    if (engines.has(engine ?? "") || models.has(model ?? ""))
      throw mistake(source, lineOf([name]), `"${name}" has a price already`);
    if (engine !== undefined) engines.set(engine, override);
    if (model !== undefined) models.set(model, override);
  }
  return { engines, models };
}

function assertName(name: string, source: string, lineOf: Located["lineOf"]): void {
  const slash = name.indexOf("/");
  if ((slash === -1 || isModelId(name.slice(0, slash))) && isModelId(name.slice(slash + 1))) return;
  throw mistake(source, lineOf([name]), `"${name.slice(0, 128)}" is no name of a model, nor provider/model`);
}

/**
 * What a name stands for, in lower case. `meta-llama/llama-4` may be a model, or the model of a provider that the
 * operator has defined; if its beginning is a built-in provider, it is that provider's model and no other's.
 */
function keysOf(name: string): { engine?: string; model?: string } {
  const key = name.toLowerCase();
  const slash = key.indexOf("/");
  if (slash === -1) return { model: key };
  const prefix = key.slice(0, slash);
  const provider = PROVIDER_ALIASES[prefix] ?? prefix;
  const engine = `${provider}${key.slice(slash)}`;
  return KNOWN_PROVIDERS.has(provider) ? { engine } : { engine, model: key };
}

function overrideFrom({ input, output, longPrompts, free, source, asOf, ...others }: Entry): PriceOverride {
  const override: PriceOverride = { price: undefined, isFree: free };
  if (source !== undefined) override.source = source;
  if (asOf !== undefined) override.asOf = asOf;
  if (input === undefined || output === undefined) return override;
  const price: Price = { input, output, ...given(others) };
  if (longPrompts !== undefined) {
    price.longPrompts = longPrompts
      .map(({ above, input: in_, output: out, ...rest }) => ({
        above,
        input: in_,
        output: out,
        ...given(rest),
      }))
      .sort((a, b) => a.above - b.above);
  }
  return { ...override, price };
}

/** Without what is undefined. */
function given<Values extends Record<string, number | undefined>>(
  values: Values,
): { [Name in keyof Values]?: number } {
  const out: { [Name in keyof Values]?: number } = {};
  for (const name of Object.keys(values) as (keyof Values)[]) {
    const value = values[name];
    if (value !== undefined) out[name] = value;
  }
  return out;
}
