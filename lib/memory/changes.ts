import { cleanFact, factKey, type KnownFact, MAX_FOUND_FACT } from "#lib/memory/fact.ts";
import { isGrounded } from "#lib/memory/grounds.ts";
import { jsonObjectIn } from "#lib/memory/json-object.ts";
import { secretIn } from "#lib/memory/secrets.ts";
import { isSensitive } from "#lib/memory/sensitive.ts";
import { field, isJsonObject } from "#lib/shared/json.ts";

/** What is to become of the facts of a user. Ids are of known facts. */
export type MemoryChanges = {
  add: string[];
  replace: KnownFact[];
  forget: string[];
};

/** What the changes were asked for. */
export type ChangesContext = {
  /** In the order of their numbers, which begin with 1. */
  known: readonly KnownFact[];
  /** What the model has read of the user's. */
  message: string;
  /** The user has asked to remember something. */
  mayBeSensitive: boolean;
  /** The user has asked to forget something. */
  mayForgetAll: boolean;
};

/** More facts are not in a message: a model that finds them has made them up. */
const MAX_ADDED = 10;
const MAX_REPLACED = 5;
/** What a message may contradict in passing. */
const MAX_FORGOTTEN = 2;
const FIELDS = ["add", "replace", "forget"] as const;
/** What a fact does not say: it is for the model that reads it. */
const INSTRUCTION =
  /\b(?:ignore|disregard|forget|override)\b.{0,40}\b(?:previous|prior|above|all|instructions?|rules?|prompts?)\b|\bsystem prompt\b|\byou are now\b|\bjailbreak|\bdeveloper mode\b|<\/?(?:untrusted|system|assistant)\b/i;
/** A sentence about nothing: a placeholder of the format, a word for none. */
const NO_FACT =
  /^(?:none|null|nothing|n\/a|no (?:new )?facts?|empty|fact|string|unknown|undefined|\.+|…)$|^<.*>$|^\[.*\]$/iu;

/**
 * The changes in a model's answer. Undefined if the answer is not what was asked for: prose, broken JSON, more
 * facts than a message holds. What single entries get wrong drops them alone.
 */
export function readChanges(answer: string, context: ChangesContext): MemoryChanges | undefined {
  const found = jsonObjectIn(answer);
  if (found === undefined || !FIELDS.some((name) => found[name] !== undefined)) return undefined;
  const [added, replaced, forgotten] = FIELDS.map((name) => listOf(found[name]));
  if (added === undefined || replaced === undefined || forgotten === undefined) return undefined;
  if (added.length > MAX_ADDED || replaced.length > MAX_REPLACED) return undefined;
  const { known, mayForgetAll } = context;
  const forget = [...new Set(forgotten.flatMap((one) => knownFact(one, known)?.id ?? []))];
  if (forget.length > MAX_FORGOTTEN && !mayForgetAll) return undefined;
  const taken = new Set(known.map(({ fact }) => factKey(fact)));
  const isNew = (fact: string): boolean => {
    const key = factKey(fact);
    if (taken.has(key)) return false;
    taken.add(key);
    return true;
  };
  const replace = replaced
    .flatMap((one) => replacementOf(one, context))
    .filter(({ id, fact }, index, all) => all.findIndex((other) => other.id === id) === index && isNew(fact));
  return {
    replace,
    add: added.flatMap((one) => factOf(one, context)).filter(isNew),
    forget: forget.filter((id) => !replace.some((one) => one.id === id)),
  };
}

/** A list, or the one entry that should have been in one; undefined for what is neither. */
function listOf(value: unknown): unknown[] | undefined {
  if (value === undefined || value === null || value === "") return [];
  if (Array.isArray(value)) return value;
  return typeof value === "string" || typeof value === "number" || isJsonObject(value) ? [value] : undefined;
}

/** A fact that may be kept: of the user's message, short, no secret, no instruction. */
function factOf(value: unknown, { message, mayBeSensitive }: ChangesContext): string[] {
  const written = typeof value === "string" ? value : (field(value, "fact") ?? field(value, "text"));
  if (typeof written !== "string" || /[{}]/.test(written)) return [];
  const fact = cleanFact(written)
    .replace(/^(?:[-*•]|\d{1,2}[.)])\s+/, "")
    .trim();
  const isFact = fact.length >= 3 && fact.length <= MAX_FOUND_FACT && /\p{L}/u.test(fact);
  if (!isFact || NO_FACT.test(fact) || INSTRUCTION.test(fact)) return [];
  if (secretIn(fact) !== undefined || !isGrounded(fact, message)) return [];
  return isSensitive(fact) && !mayBeSensitive ? [] : [fact];
}

function replacementOf(value: unknown, context: ChangesContext): KnownFact[] {
  const old = knownFact(field(value, "id"), context.known);
  if (old === undefined) return [];
  return factOf(field(value, "fact"), context).map((fact) => ({ id: old.id, fact }));
}

/** The known fact with this number, as a number, a string, or the `id` of an object. */
function knownFact(value: unknown, known: readonly KnownFact[]): KnownFact | undefined {
  if (typeof value === "number") return known[value - 1];
  if (typeof value === "string") return /^\d{1,3}$/.test(value.trim()) ? known[Number(value) - 1] : undefined;
  const id = field(value, "id");
  return typeof id === "number" || typeof id === "string" ? knownFact(id, known) : undefined;
}
