import {
  hasRightCheckDigit,
  isContainerForm,
  normalizeContainerNumber,
} from "#lib/tools/containers/container-number.ts";
import { holderOf } from "#lib/tools/containers/owners.ts";
import type { ToolRequest } from "#lib/tools/tool.ts";

/** Numbers that are looked up for one message. */
const MAX_NUMBERS = 4;
/** A follow-up that names no number is short, characters. */
const MAX_FOLLOW_UP = 80;

const SEPARATOR = "[ \\u00a0\\u2013-]";
/**
 * Not in a longer code: no letter, digit or underscore beside it, nor behind a dash (a licence key). Chinese and
 * Japanese have no space before it.
 */
const CODE = "[\\p{Script=Latin}\\p{Script=Cyrillic}\\d]";
const START = `(?<!${CODE}|_|${CODE}-)`;
const END = `(?!${CODE}|_|-${CODE})`;
const LETTERS = `[A-Za-z]{3}${SEPARATOR}?[UJZujz]`;
/** `MSCU1234566`, `mscu 123456-6`, `MSC U 123 456 6`. */
const NUMBER = new RegExp(
  `${START}${LETTERS}${SEPARATOR}?(?:\\d{7}|\\d{6}(?:${SEPARATOR}|/)\\d|\\d{3}${SEPARATOR}\\d{3}${SEPARATOR}\\d)${END}`,
  "gu",
);
/** A number with a digit too few or too many. */
const MISCOUNTED = new RegExp(
  `${START}${LETTERS}${SEPARATOR}?(?:\\d{5,6}|\\d{8})${END}(?!(?:${SEPARATOR}|/)\\d)`,
  "gu",
);

/** Words that say that a container of freight is meant. */
const CONTAINER_WORDS =
  /(?<!\p{L})(?:containers?|containern?|conteneurs?|contenedor(?:es)?|cont[êe]iner(?:es)?|contentor(?:es)?|kontener[ay]?|konteyner|контейнер|cntr|ctnr|freight|shipments?|cargo|reefer|bill of lading|vessel|bic code)|集装箱|集裝箱|货柜|貨櫃|コンテナ|컨테이너|حاوية|حاويات|कंटेनर/iu;
/** Words of a person who follows something on its way; they say so only beside the code of a known owner. */
const TRACKING_WORDS =
  /(?<!\p{L})(?:track|trace|where|status|eta\b|arriv|deliver|verfolg|wo ist|où|suiv|suivi|dónde|rastre|seguimiento|onde|dov|tracci|nerede|takip|где|отслед|waar|gdzie)|查询|查詢|追踪|追蹤|跟踪|在哪|追跡|どこ|추적|어디|تتبع|أين|कहाँ/iu;

type Found = { number: string; isUpperCase: boolean };

/**
 * The container numbers that a message asks about. One with a right check digit stands for itself; a mistyped one
 * is meant only if words about containers surround it. A follow-up without a number means the last one before it.
 */
export function detectContainers({ message, history }: ToolRequest): { number: string }[] {
  const found = [...allIn(message, NUMBER), ...allIn(message, MISCOUNTED)];
  const aboutContainers = CONTAINER_WORDS.test(message);
  const follows = TRACKING_WORDS.test(message);
  const meant = found.filter((one) => isMeant(one, aboutContainers, follows)).map(({ number }) => number);
  const numbers = meant.length === 0 && found.length === 0 ? earlierNumber(message, history) : meant;
  return [...new Set(numbers)].slice(0, MAX_NUMBERS).map((number) => ({ number }));
}

function allIn(text: string, pattern: RegExp): Found[] {
  return [...text.matchAll(pattern)].map(([given]) => {
    return { number: normalizeContainerNumber(given), isUpperCase: given === given.toUpperCase() };
  });
}

function isMeant({ number, isUpperCase }: Found, aboutContainers: boolean, follows: boolean): boolean {
  const isKnown = holderOf(number.slice(0, 4)) !== undefined;
  if (hasRightCheckDigit(number)) return isUpperCase || isKnown || aboutContainers;
  if (isContainerForm(number) && aboutContainers) return isUpperCase || isKnown;
  return isKnown && (aboutContainers || follows);
}

/** "And where is it now?", after a message that named a number. */
function earlierNumber(message: string, history: ToolRequest["history"]): string[] {
  if (message.length > MAX_FOLLOW_UP) return [];
  if (!CONTAINER_WORDS.test(message) && !TRACKING_WORDS.test(message)) return [];
  const last = history.findLast(({ role }) => role === "user");
  const named = allIn(last?.content ?? "", NUMBER).filter(({ number }) => hasRightCheckDigit(number));
  return named.slice(-1).map(({ number }) => number);
}
