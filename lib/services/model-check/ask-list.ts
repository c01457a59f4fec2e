import { type CallEffects, callEngine } from "#lib/providers/call/engine-call.ts";
import { readWholeJson } from "#lib/providers/call/whole-answer.ts";
import { badResponse, type Failure, type FailureKind } from "#lib/providers/failures/failure.ts";
import type { Engine } from "#lib/providers/registry.ts";
import { modelListsOf } from "#lib/providers/vendors/model-lists.ts";
import type { ModelList } from "#lib/providers/vendors/provider.ts";
import { type ListPage, readListPage } from "#lib/services/model-check/read-list.ts";

/** All pages of a provider's list together, milliseconds. */
const TIMEOUT_MS = 10_000;
const CONNECT_MS = 3_000;
/** A longer page, bytes, and a longer list, names and pages, is no list that a chain could be chosen from. */
const MAX_PAGE_BYTES = 8 * 1024 * 1024;
const MAX_NAMES = 20_000;
const MAX_PAGES = 20;
/** Keys of the pool that are tried if one is refused. */
const MAX_KEYS = 3;

/** Why a list is not known. */
export type ListProblem = "no_list" | "refused" | "rate_limited" | "unreachable" | "unusable";

export type ListAnswer =
  | { ok: true; names: ReadonlySet<string> }
  | { ok: false; reason: ListProblem; message: string };

export type AskEffects = CallEffects & { signal: AbortSignal };

/**
 * The names of the models that a provider has now, by GET from where it lists them, with its base URL and keys. Costs
 * nothing, and the provider's health does not learn from it. Rejects only when the signal aborts.
 * @param engine any engine of the provider.
 * @param timeoutMs for all pages together, milliseconds.
 */
export async function askModelList(
  engine: Engine,
  effects: AskEffects,
  timeoutMs = TIMEOUT_MS,
): Promise<ListAnswer> {
  const until = effects.clock.now() + timeoutMs;
  let answer: ListAnswer = { ok: false, reason: "no_list", message: "It has no list of models." };
  for (const list of modelListsOf(engine.provider)) {
    answer = await askWithKeys(engine, list, until, effects);
    if (answer.ok || answer.reason !== "no_list") return answer;
  }
  return answer;
}

async function askWithKeys(
  engine: Engine,
  list: ModelList,
  until: number,
  effects: AskEffects,
): Promise<ListAnswer> {
  let answer: ListAnswer | undefined;
  for (let keyIndex = 0; keyIndex < Math.min(engine.keys.length, MAX_KEYS); keyIndex++) {
    answer = await askPages({ engine, keyIndex, list, until }, effects);
    if (answer.ok || (answer.reason !== "refused" && answer.reason !== "rate_limited")) break;
  }
  if (answer === undefined) throw new TypeError(`The engine ${engine.id} has no key.`);
  return answer;
}

type Asked = { engine: Engine; keyIndex: number; list: ModelList; until: number };

async function askPages(asked: Asked, effects: AskEffects): Promise<ListAnswer> {
  const names = new Set<string>();
  let path: string | undefined = asked.list.path;
  for (let page = 0; path !== undefined; page++) {
    if (page === MAX_PAGES) return tooLong();
    const outcome = await askPage(asked, path, effects);
    if (!outcome.ok) return problemOf(outcome.failure);
    for (const name of outcome.value.names) names.add(name);
    if (names.size > MAX_NAMES) return tooLong();
    path = outcome.value.next;
  }
  // Only where models are installed does an empty list say that they are gone: others have some.
  const hasNone = names.size === 0 && asked.engine.provider.installed === undefined;
  return hasNone ? { ok: false, reason: "unusable", message: "Its list is empty." } : { ok: true, names };
}

function tooLong(): ListAnswer {
  return {
    ok: false,
    reason: "unusable",
    message: `Its list has more than ${MAX_NAMES} models or ${MAX_PAGES} pages.`,
  };
}

function askPage({ engine, keyIndex, list, until }: Asked, path: string, effects: AskEffects) {
  return get<ListPage>({ engine, keyIndex, list, until }, path, effects, (body) => {
    const page = readListPage(body, path, list);
    // A page of nothing but names that cannot be: an error in a list's clothes, or a hostile one.
    if (page?.next === path) throw badResponse("The list goes on with the same page for ever.");
    return page;
  });
}

/**
 * Whether the provider of an engine answers a GET of this path with the engine's first key: undefined if it does, else
 * why not. Rejects only when the signal aborts.
 */
export async function askPath(
  engine: Engine,
  list: ModelList,
  path: string,
  effects: AskEffects,
  timeoutMs: number,
): Promise<Extract<ListAnswer, { ok: false }> | undefined> {
  const until = effects.clock.now() + timeoutMs;
  const outcome = await get({ engine, keyIndex: 0, list, until }, path, effects, (body) => ({ body }));
  return outcome.ok ? undefined : problemOf(outcome.failure);
}

function get<Value>(
  { engine, keyIndex, list, until }: Asked,
  path: string,
  effects: AskEffects,
  read: (body: unknown) => Value | undefined,
) {
  const { clock, signal } = effects;
  const [key] = engine.keys.slice(keyIndex);
  if (key === undefined) throw new TypeError(`The engine ${engine.id} has no key ${keyIndex}.`);
  const { base } = list;
  const baseUrl = base === undefined ? engine.baseUrl : engine.baseUrl.replace(base.from, base.to);
  const remainingMs = Math.max(1, until - clock.now());
  return callEngine<Value>(
    {
      engine: { ...engine, baseUrl },
      ...{
        key,
        keyIndex,
        call: 1,
        remainingMs,
        isLast: true,
        withoutAdditions: false,
        startedAt: clock.wallNow(),
      },
    },
    { kind: "none", path, headers: { ...list.headers, ...engine.headers } },
    { signal, connectMs: CONNECT_MS, timeoutMs: remainingMs },
    effects,
    (answer) => readWholeJson(answer, MAX_PAGE_BYTES, read),
  );
}

/** A 404 is no model that is missing here, but the list. */
const PROBLEMS: Partial<Record<FailureKind, ListProblem>> = {
  rate_limited: "rate_limited",
  key_rejected: "refused",
  account: "refused",
  model_forbidden: "refused",
  model_gone: "no_list",
  refused: "no_list",
  connect: "unreachable",
  reset: "unreachable",
  timeout: "unreachable",
  server_error: "unreachable",
};

function problemOf({ kind, problem, status, reason, detail }: Failure): Extract<ListAnswer, { ok: false }> {
  const isMissing = status === 404 || status === 405 || status === 410;
  const said = [status === undefined ? undefined : `status ${status}`, reason, problem ?? detail];
  return {
    ok: false,
    reason: isMissing ? "no_list" : (PROBLEMS[kind] ?? "unusable"),
    message: said.filter((part) => part !== undefined && part !== "").join(": "),
  };
}
