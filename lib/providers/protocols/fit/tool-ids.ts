import { hash32 } from "#lib/shared/text.ts";

/** The ids of tool calls that an API accepts. */
export type IdRule = {
  accepts: RegExp;
  /** The longest accepted id, characters. Longer ones are never tested against the pattern. */
  maxLength: number;
  /** Exactly this many letters and digits, if the API wants that. */
  alphanumerics?: number;
};

/** OpenAI: 40 characters in chat completions, 64 in Responses. Source: docs/PROVIDERS.md. */
export const OPENAI_IDS: IdRule = { accepts: /./s, maxLength: 40 };
export const RESPONSES_IDS: IdRule = { accepts: /./s, maxLength: 64 };
export const ANTHROPIC_IDS: IdRule = { accepts: /^[\w-]+$/, maxLength: 64 };
export const MISTRAL_IDS: IdRule = { accepts: /^[a-zA-Z0-9]{9}$/, maxLength: 9, alphanumerics: 9 };

/** How much of the beginning and the end of a long id is hashed, characters. */
const HASHED_PART = 1_000;
const DIGEST_LENGTH = 13;

/** 64 bits in base 36, the same for the same id in every turn: prompt caches depend on it. */
function digest(id: string): string {
  const ends = `${id.length} ${id.slice(0, HASHED_PART)} ${id.slice(-HASHED_PART)}`;
  const bits = (BigInt(hash32(`a${ends}`)) << 32n) | BigInt(hash32(`b${ends}`));
  return bits.toString(36).padStart(DIGEST_LENGTH, "0");
}

export function isAcceptedId(id: string, rule: IdRule): boolean {
  return id.length <= rule.maxLength && rule.accepts.test(id);
}

/** The id if the API accepts it, else one that it accepts; different for different ids. */
function acceptedId(id: string, rule: IdRule): string {
  if (isAcceptedId(id, rule)) return id;
  if (rule.alphanumerics !== undefined) return digest(id).slice(-rule.alphanumerics);
  const readable = id.slice(0, rule.maxLength - DIGEST_LENGTH - 1).replace(/[^\w-]/g, "_");
  return `${readable}_${digest(id)}`;
}

/** Gives each call of a conversation an id of its own that the API accepts. */
export class CallIds {
  readonly #rule: IdRule;
  readonly #taken = new Set<string>();
  /** How often each id has come. */
  readonly #copies = new Map<string, number>();

  constructor(rule: IdRule) {
    this.#rule = rule;
  }

  next(id: string): string {
    let copy = this.#copies.get(id) ?? 0;
    let accepted: string;
    do {
      copy++;
      accepted = acceptedId(copy === 1 ? id : `${id}_${copy}`, this.#rule);
    } while (this.#taken.has(accepted));
    this.#copies.set(id, copy);
    this.#taken.add(accepted);
    return accepted;
  }
}
