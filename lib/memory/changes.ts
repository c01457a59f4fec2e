import { cleanFact, factKey, type KnownFact, MAX_FOUND_FACT } from "#lib/memory/fact.ts";
import { isGrounded } from "#lib/memory/grounds.ts";
import { proposalIn, type Reference } from "#lib/memory/proposal.ts";
import { secretIn } from "#lib/memory/secrets.ts";
import { isSensitive } from "#lib/memory/sensitive.ts";

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
const LIST_MARK = /^(?:[-*•]|\d{1,2}[.)])\s+/;
/** What a fact does not say: it is for the model that reads it. */
const INSTRUCTION =
  /\b(?:ignore|disregard|forget|override)\b.{0,40}\b(?:previous|prior|above|all|instructions?|rules?|prompts?)\b|\bsystem prompt\b|\byou are now\b|\bjailbreak|\bdeveloper mode\b|<\/?(?:untrusted|system|assistant)\b/i;
/** A sentence about nothing: a placeholder of the format, a word for none. */
const NO_FACT =
  /^(?:none|null|nothing|n\/a|no (?:\p{L}+ )?(?:facts?|changes?|updates?|memor(?:y|ies)|information)(?: .*)?|nothing (?:new|to) .*|there (?:is|are) (?:no|nothing) .*|(?:i'm |i am )?sorry.*|empty|fact|string|unknown|undefined|\.+|…)[.!]?$|^<.*>$|^\[.*\]$/iu;

/**
 * The changes in a model's answer. Undefined if the answer is not what was asked for: prose, broken JSON, more
 * facts than a message holds. What single entries get wrong drops them alone.
 */
export function readChanges(answer: string, context: ChangesContext): MemoryChanges | undefined {
  const proposal = proposalIn(answer);
  if (proposal === undefined) return undefined;
  const { known, mayForgetAll } = context;
  const taken = new Set(known.map(({ fact }) => factKey(fact)));
  // Some models repeat the facts that are known.
  const added = proposal.add.filter((fact) => !taken.has(factKey(fact)));
  if (added.length > MAX_ADDED || proposal.replace.length > MAX_REPLACED) return undefined;
  const forget = [...new Set(proposal.forget.flatMap((one) => knownFact(one, known)?.id ?? []))];
  if (forget.length > MAX_FORGOTTEN && !mayForgetAll) return undefined;
  const isNew = (fact: string): boolean => {
    const key = factKey(fact);
    if (taken.has(key)) return false;
    taken.add(key);
    return true;
  };
  const replace = proposal.replace
    .flatMap((one) => replacementOf(one, context))
    .filter(({ id, fact }, index, all) => all.findIndex((other) => other.id === id) === index && isNew(fact));
  return {
    replace,
    add: added.flatMap((one) => factOf(one, context)).filter(isNew),
    forget: forget.filter((id) => !replace.some((one) => one.id === id)),
  };
}

/** A fact that may be kept: of the user's message, short, no secret, no instruction. */
function factOf(written: string, { message, mayBeSensitive }: ChangesContext): string[] {
  if (/[{}]/.test(written)) return [];
  const fact = cleanFact(written).replace(LIST_MARK, "").trim();
  const isFact = fact.length >= 3 && fact.length <= MAX_FOUND_FACT && /\p{L}/u.test(fact);
  if (!isFact || NO_FACT.test(fact) || INSTRUCTION.test(fact)) return [];
  if (secretIn(fact) !== undefined || !isGrounded(fact, message)) return [];
  return isSensitive(fact) && !mayBeSensitive ? [] : [fact];
}

function replacementOf(
  { known, fact }: { known: Reference; fact: string },
  context: ChangesContext,
): KnownFact[] {
  const old = knownFact(known, context.known);
  if (old === undefined) return [];
  return factOf(fact, context).map((clean) => ({ id: old.id, fact: clean }));
}

/** The known fact that is meant, by its text or its number. */
function knownFact(reference: Reference, known: readonly KnownFact[]): KnownFact | undefined {
  for (const one of reference) {
    const text = String(one).trim();
    const key = factKey(text.replace(LIST_MARK, ""));
    const found =
      known.find(({ fact }) => factKey(fact) === key) ??
      (/^\d{1,3}$/.test(text) ? known[Number(text) - 1] : undefined);
    if (found !== undefined) return found;
  }
  return undefined;
}
