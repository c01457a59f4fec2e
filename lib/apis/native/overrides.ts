import { z } from "zod";
import { MODE_IDS, type ModeId } from "#lib/ai-models.ts";
import { stripInvisible } from "#lib/prompts/sanitize.ts";
import { GatewayError } from "#lib/shared/errors.ts";

/** No provider's id has a slash; the rest is the model's. */
const ENGINE = /^([^\s/]{1,100})\/(\S{1,256})$/;
const engineName = z.string().regex(ENGINE, "must be `provider/model`");
const common = {
  note: z.string().max(500).nullish(),
  /** ISO time with a zone. */
  expiresAt: z.iso.datetime({ offset: true }).nullish(),
};

/** The body of `PUT /api/admin/overrides`. Strict: a misspelt `mode` must not switch an engine off everywhere. */
export const overrideBodySchema = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("off"),
    engine: engineName.nullish(),
    provider: z
      .string()
      .regex(/^[^\s/]{1,100}$/, "must be the id of a provider")
      .nullish(),
    mode: z.enum(MODE_IDS).nullish(),
    ...common,
  }),
  z.strictObject({
    kind: z.literal("order"),
    mode: z.enum(MODE_IDS),
    engines: z.array(engineName).min(1).max(200),
    ...common,
  }),
]);

/** What is switched off or reordered, as clients name it. */
export type SentRule =
  | {
      kind: "off";
      target: { provider: string; model: string | undefined };
      mode: ModeId | undefined;
    }
  | { kind: "order"; mode: ModeId; engines: readonly string[] };
export type SentOverride = { rule: SentRule; note: string | undefined; expiresAt: string | undefined };

/** Throws `invalid_request` unless a rule that switches off names either an engine or a provider. */
export function readOverride(body: z.output<typeof overrideBodySchema>): SentOverride {
  const note = stripInvisible(body.note ?? "").trim();
  return {
    rule: body.kind === "off" ? offRule(body) : { kind: body.kind, mode: body.mode, engines: body.engines },
    note: note === "" ? undefined : note,
    expiresAt: body.expiresAt ?? undefined,
  };
}

type OffBody = Extract<z.output<typeof overrideBodySchema>, { kind: "off" }>;

function offRule({ kind, engine, provider, mode }: OffBody): SentRule {
  const [, ofEngine, model] = ENGINE.exec(engine ?? "") ?? [];
  const id = ofEngine ?? provider ?? undefined;
  if (id === undefined || (ofEngine !== undefined && typeof provider === "string")) {
    throw new GatewayError(
      "invalid_request",
      'Name what to switch off: either "engine" (`provider/model`) or "provider".',
    );
  }
  return { kind, target: { provider: id, model }, mode: mode ?? undefined };
}

type Author = { userId: string; email: string | undefined };
type ShownOverride = SentOverride & {
  id: string;
  createdAt: string;
  createdBy: Author | undefined;
  updatedAt: string;
  updatedBy: Author | undefined;
};

/** One override in an answer. */
export function overrideBody(override: ShownOverride) {
  const { id, rule, note, expiresAt, createdAt, createdBy, updatedAt, updatedBy } = override;
  return {
    id,
    ...ruleBody(rule),
    ...{ note, expiresAt, createdAt, createdBy: createdBy ?? null, updatedAt, updatedBy: updatedBy ?? null },
  };
}

function ruleBody(rule: SentRule) {
  if (rule.kind === "order") return rule;
  const { provider, model } = rule.target;
  const target = model === undefined ? { provider } : { engine: `${provider}/${model}` };
  return { kind: rule.kind, ...target, mode: rule.mode };
}

type ShownInstance = {
  id: string;
  host: string;
  pid: number;
  version: string;
  startedAt: string;
  seenAt: string;
};
type ShownInstances = {
  thisInstance: string;
  refreshedMsAgo: number | undefined;
  failure: string | undefined;
  running: readonly ShownInstance[];
};

/** The body of `GET /api/admin/overrides`. */
export function overrideListBody(overrides: readonly ShownOverride[], instances: ShownInstances | undefined) {
  return { overrides: overrides.map(overrideBody), instances: instances && instancesBody(instances) };
}

function instancesBody({ thisInstance, refreshedMsAgo, failure, running }: ShownInstances) {
  return {
    thisInstance,
    refreshedMsAgo,
    failure,
    running: running.map(({ id, host, pid, version, startedAt, seenAt }) => ({
      ...{ id, host, pid, version, startedAt, seenAt },
    })),
  };
}
