import { MODE_IDS } from "#lib/ai-models.ts";
import type { Engine } from "#lib/providers/registry.ts";
import { credentialVariables, type EngineKey, secretsOf } from "#lib/providers/vendors/credentials.ts";
import { type CheckId, type Finding, fail, ok, skipped, warn } from "#lib/server/doctor/finding.ts";
import type { Settings } from "#lib/server/doctor/settings-checks.ts";
import { engineSourceOf, realProviders } from "#lib/server/wiring/providers.ts";
import { askKey } from "#lib/services/model-check/ask-key.ts";
import type { AskEffects, ListAnswer } from "#lib/services/model-check/ask-list.ts";
import { chainEntries } from "#lib/services/model-check/chain-entries.ts";
import { type ModelLists, modelReport } from "#lib/services/model-check/model-report.ts";

/** How long a provider may take, milliseconds. */
const TIMEOUT_MS = 5_000;
/** Keys of a pool that are asked with. */
const MAX_KEYS = 10;
/** How many numbers a pool has. */
const MAX_POOL = 50;
/** Names of models or modes that one line tells. */
const MAX_NAMED = 20;
const OFFERS = ["chat", "embeddings", "speech", "transcription", "images"] as const;

type Known = Pick<Settings, "env" | "providers">;

/** Whether somebody can answer, in each mode. */
export function checkEngines({ env, providers }: Known): Finding {
  const { catalogue, registry } = providers;
  switch (engineSourceOf(env, providers)) {
    case "sandbox":
      return warn("engines", "The sandbox engine answers, which is no model.", SET_KEY);
    case "none":
      return warn(
        "engines",
        "No provider is configured: `npm run dev` answers from the sandbox, `npm start` with 503.",
        SET_KEY,
      );
    case "providers": {
      const empty = MODE_IDS.filter((id) => registry.resolve(catalogue.modes[id].failover).length === 0);
      const names = realProviders(providers).join(", ");
      return empty.length === 0
        ? ok("engines", `Every mode has an engine. Providers: ${names}.`)
        : warn(
            "engines",
            `No engine of these modes is configured: ${empty.join(", ")}. Providers: ${names}.`,
            "Set a key of one of their providers, or give them another chain with MODELS_CONFIG.",
          );
    }
  }
}

const SET_KEY = "Put a provider's key into .env.local, for example GROQ_API_KEY.";

/** Asks each provider for its models, with each of its keys: findings about keys, and about the chains. */
export async function checkProviders(settings: Known, effects: AskEffects): Promise<Finding[]> {
  const { providers } = settings;
  const asked = await Promise.all(realProviders(providers).map((id) => askProvider(id, settings, effects)));
  const lists: ModelLists = new Map(asked.map(({ id, list }) => [id, list]));
  const entries = chainEntries(providers.catalogue.modes, providers.registry);
  const report = await modelReport(entries, lists);
  return [...asked.map(({ finding }) => finding), ...chainFindings(report)];
}

/** What is said instead without any call. */
export function providersNotAsked(): Finding[] {
  const why = "Not asked, because of --offline.";
  return (["keys", "models"] satisfies CheckId[]).map((check) => skipped(check, why));
}

type AskedProvider = { id: string; list: ListAnswer; finding: Finding };

async function askProvider(id: string, known: Known, effects: AskEffects): Promise<AskedProvider> {
  const engine = engineOf(id, known);
  const keys = engine.keys.slice(0, MAX_KEYS);
  const answers = await Promise.all(keys.map((key) => askKey(engine, key, effects, TIMEOUT_MS)));
  const told = answers.map((answer, index) => ({
    answer,
    name: keyName(engine, keys[index], known) ?? engine.provider.name,
  }));
  const list = answers.find(({ ok }) => ok) ?? answers[0];
  if (list === undefined) throw new TypeError(`The provider ${id} has no key.`);
  return { id, list, finding: keyFinding(engine, told) };
}

/** Any engine of the provider: what it is asked for does not depend on the model. */
function engineOf(id: string, { providers }: Known): Engine {
  const { registry } = providers;
  const offer = OFFERS.find((one) => registry.offers(id, one)) ?? "chat";
  const [engine] = registry
    .resolve([{ provider: id, model: "any", label: "any" }], offer)
    .filter(({ provider }) => provider.id === id);
  if (engine === undefined) throw new TypeError(`The provider ${id} has no engine.`);
  return engine;
}

/** The variable that holds a key; undefined for a provider that needs none. */
function keyName({ provider }: Engine, key: EngineKey | undefined, { env }: Known): string | undefined {
  const pool = credentialVariables(provider.credentials).at(-1);
  if (pool === undefined || key === undefined) return undefined;
  const numbers = Array.from({ length: MAX_POOL }, (_, index) => index + 1);
  return numbers
    .map((number) => (number === 1 ? pool : `${pool}_${number}`))
    .find((name) => secretsOf(key).includes(env.setting(name) ?? ""));
}

type Told = { name: string; answer: ListAnswer };

function keyFinding({ provider, keys }: Engine, told: readonly Told[]): Finding {
  const bad = told.flatMap(({ name, answer }) => (answer.ok ? [] : [{ name, answer }]));
  const refused = bad.filter(({ answer }) => answer.reason === "refused");
  const good = told.length - bad.length;
  const reasons = [...new Set(bad.map(({ name, answer }) => `${name}: ${answer.message}`))].join("; ");
  if (refused.length > 0) {
    const names = refused.map(({ name }) => name).join(", ");
    const message = `${provider.name} refuses ${refused.length} of ${told.length} keys (${reasons}).`;
    return (good > 0 ? warn : fail)("keys", message, `Replace ${names} with a key that works, or remove it.`);
  }
  if (good === told.length) return ok("keys", `${provider.name}: ${works(told, keys.length)}.`);
  const [
    {
      answer: { reason },
    } = { answer: { reason: "unreachable" } },
  ] = bad;
  switch (reason) {
    case "rate_limited":
      return warn("keys", `${provider.name} is at its limit now (${reasons}).`, "Try again later.");
    case "unreachable":
      return (good > 0 ? warn : fail)(
        "keys",
        `${provider.name} cannot be reached (${reasons}).`,
        `Check the network, and ${provider.baseUrlEnv ?? "the provider's baseUrl in MODELS_CONFIG"}.`,
      );
    default:
      return skipped("keys", `${provider.name} has no list of models to ask for (${reasons}).`);
  }
}

function works(told: readonly Told[], all: number): string {
  const models = told[0]?.answer.ok === true ? told[0].answer.names.size : 0;
  const rest = all > told.length ? ` (${all - told.length} more were not asked with)` : "";
  return `${told.length === 1 ? "the key works" : `${told.length} keys work`}${rest}, ${models} models`;
}

type Report = Awaited<ReturnType<typeof modelReport>>;

function chainFindings({ present, gone }: Report): Finding[] {
  const modes = Map.groupBy(gone, ({ engine }) => engine);
  const findings = [...modes].slice(0, MAX_NAMED).map(([engine, entries]) => {
    const near = entries[0]?.near ?? [];
    return warn(
      "models",
      `${engine} (${entries.map(({ mode }) => mode).join(", ")}) is not among its provider's models.`,
      near.length === 0
        ? "Take it out of the chain with MODELS_CONFIG; until then the next engine answers."
        : `Its provider has ${near.join(", ")}: name one in MODELS_CONFIG. Until then the next engine answers.`,
    );
  });
  if (findings.length > 0) return findings;
  return present === 0
    ? [skipped("models", "No provider could be asked for the models of the chains.")]
    : [ok("models", `${present} entries of the chains are among their providers' models.`)];
}
