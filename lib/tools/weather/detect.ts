import { comparesCurrencies, currenciesIn } from "#lib/tools/exchange-rates/money.ts";
import { askParts, asksForWords, looksLikeCode } from "#lib/tools/text/asks.ts";
import { withoutClauses } from "#lib/tools/text/clauses.ts";
import { fold, plainForm } from "#lib/tools/text/fold.ts";
import { OTHER_ASKS } from "#lib/tools/text/other-asks.ts";
import type { ToolRequest } from "#lib/tools/tool.ts";
import type { WeatherInput } from "#lib/tools/weather/input.ts";
import { leftOver, placesBehind } from "#lib/tools/weather/places.ts";
import { HINT, NO_FORECAST, PHENOMENA, TEMPERATURE, VOCABULARY } from "#lib/tools/weather/vocabulary.ts";
import { type Word, wordsIn } from "#lib/tools/weather/words.ts";

const MAX_PLACES = 3;
/** Words that are neither of a place nor known, in a sentence that asks for the weather. */
const MAX_UNKNOWN = 4;
/** Unknown words that may be a place without a preposition. */
const MAX_LEFT = 4;
const MAX_FOLLOW_UP = 60;
const MAX_BACK = 4;

/** The places whose weather the message asks for: an input without one if it names none. */
export function detectWeather({ message, history }: ToolRequest): WeatherInput[] {
  const direct = findWeather(message);
  const isPlaced = direct !== undefined && direct.length > 0;
  if (isPlaced) return direct.map((place) => ({ place }));
  const asked = history.filter(({ role }) => role === "user").map(({ content }) => content);
  if (direct !== undefined) {
    const before = placesBefore(asked);
    return before.length === 0 ? [{}] : before.map((place) => ({ place }));
  }
  // A follow-up follows something.
  if (asked.length === 0) return [];
  // "And in yen?" after a question for a rate.
  const isOfMoney =
    currenciesIn(prepared(message)) > 0 && asked.some((one) => comparesCurrencies(prepared(one)));
  const change = isOfMoney ? undefined : followUp(message);
  const before = change === undefined ? undefined : earlier(asked, change);
  if (change === undefined || before === undefined) return [];
  const places = change.length > 0 ? change : before;
  return places.length === 0 ? [{}] : places.map((place) => ({ place }));
}

/** The places of the last questions about the weather. */
function placesBefore(asked: readonly string[]): string[] {
  for (const message of asked.slice(-MAX_BACK).toReversed()) {
    const places = findWeather(message);
    if (places !== undefined && places.length > 0) return places;
  }
  return [];
}

/**
 * The places of the question that a follow-up belongs to; undefined if it belongs to none. A time alone ("and
 * tomorrow?") belongs to the message right before it.
 */
function earlier(asked: readonly string[], change: readonly string[]): string[] | undefined {
  for (const message of asked.slice(-MAX_BACK).toReversed()) {
    const places = findWeather(message);
    if (places !== undefined) return places.length > 0 ? places : placesBefore(asked);
    const between = followUp(message);
    if (between === undefined) return undefined;
    if (between.length > 0 && change.length === 0) {
      const isWeather = earlier(asked.slice(0, asked.lastIndexOf(message)), between) !== undefined;
      return isWeather ? between : undefined;
    }
  }
  return undefined;
}

/** The places of a follow-up, none if it names only a time; undefined if the message is none. */
function followUp(message: string): string[] | undefined {
  if (message.length > MAX_FOLLOW_UP) return undefined;
  const words = wordsIn(prepared(message));
  const { time, follow, before } = VOCABULARY.value;
  const { prose } = OTHER_ASKS.value;
  if (words.some(({ folded }) => prose.has(folded))) return undefined;
  const { places, used } = placesBehind(words);
  const rest = words.filter((_, at) => !used.has(at));
  const isLed = follow.has(words[0]?.folded ?? "") || follow.has(words.at(-1)?.folded ?? "");
  if (rest.some(({ isUnknown }) => isUnknown)) {
    // "And Lyon?" has no preposition.
    const left =
      isLed && words.length <= 6 && !words.some(({ folded }) => before.has(folded))
        ? leftOver(words)
        : undefined;
    return left !== undefined && left.places.length > 0 ? left.places : undefined;
  }
  const isTimed = rest.some(({ folded }) => time.has(folded));
  // "Tomorrow?" alone is one, too.
  const isTime = words.length <= 3 && words.every(({ folded }) => time.has(folded));
  return places.length > 0 ? places : (isLed || isTime) && isTimed ? [] : undefined;
}

/** Abbreviations whose full stop ends no sentence. */
function prepared(message: string): string {
  return plainForm(message)
    .replace(/\b(St|Mt|Ft|Pt)\.\s/g, "$1 ")
    .replace(/\bD\.\s?C\./g, "DC")
    .replace(/\bU\.\s?S\.(?:A\.)?/g, "USA")
    .replace(/\bU\.\s?K\./g, "UK");
}

/** The places that are asked for; undefined if the weather is not. */
function findWeather(message: string): string[] | undefined {
  let isAsked = false;
  const places: string[] = [];
  for (const part of askParts(message)) {
    if (!HINT.test(fold(part)) || looksLikeCode(part) || asksForWords(part) || wordsOfCode(part)) continue;
    const sentences = sentencesOf(part);
    if (sentences.some(isMeasured)) continue;
    for (const sentence of sentences) {
      const found = inSentence(withoutMoney(sentence), part);
      if (found === undefined) continue;
      isAsked = true;
      places.push(...found);
    }
  }
  if (!isAsked) return undefined;
  return [...new Set(places.length === 0 ? placesBeside(message) : places)].slice(0, MAX_PLACES);
}

/** "I fly to Tokyo tomorrow. What's the weather like?" */
function placesBeside(message: string): string[] {
  const [place] = sentencesOf(askParts(message).join("\n")).flatMap((sentence) =>
    placesBehind(wordsIn(sentence)).places.filter((name) => /^[\p{Lu}\p{Lo}]/u.test(name)),
  );
  return place === undefined ? [] : [place];
}

/** A question keeps its mark. */
const sentencesOf = (part: string): string[] => prepared(part).split(/(?<=[?？؟])|[.!。！।;\n]+/);

/** "The temperature in Ottawa was 10 degrees", "there is a 60% chance of rain": of a problem, not asked. */
function isMeasured(sentence: string): boolean {
  if (
    /[?？؟]/.test(sentence) ||
    !/\d\s?(?:%|°|degrees?\b|inch|in\b|mm\b|cm\b|grad\b|degrés|grados|graus|gradi|градус)/iu.test(sentence)
  )
    return false;
  return kindOf(sentence) !== undefined;
}

/** "The weather in Rome, and 100 dollars in euros": the other question says no place. */
function withoutMoney(sentence: string): string {
  if (!comparesCurrencies(sentence)) return sentence;
  return withoutClauses(sentence, (clause) => currenciesIn(clause) > 0 && kindOf(clause) === undefined);
}

function wordsOfCode(part: string): boolean {
  const { code } = OTHER_ASKS.value;
  return (fold(part).match(/[\p{L}\p{M}]+/gu) ?? []).some((word) => code.has(word));
}

function inSentence(sentence: string, part: string): string[] | undefined {
  const folded = fold(sentence);
  const kind = kindOf(sentence);
  if (kind === undefined || NO_FORECAST.some((pattern) => pattern.test(folded))) return undefined;
  const words = wordsIn(sentence);
  const { prose } = OTHER_ASKS.value;
  if (words.some(({ folded: word }) => prose.has(word)) || isTold(folded, part)) return undefined;
  const behind = placesBehind(words);
  const unknown = words.filter(({ isUnknown }, at) => isUnknown && !behind.used.has(at)).length;
  if (behind.places.length > 0) return unknown <= MAX_UNKNOWN ? behind.places : undefined;
  const { noPlace, time } = VOCABULARY.value;
  if (words.some(({ folded: word }) => noPlace.has(word))) return undefined;
  if (unknown > 0) return withoutPreposition(words, unknown, kind);
  const isTimed = words.some(({ folded: word }) => time.has(word));
  return kind === "weather" || (kind === "phenomenon" && isTimed) ? [] : undefined;
}

const TURKISH = /^(?:hava|yagmur|kar|sicaklik)$/;

function withoutPreposition(words: readonly Word[], unknown: number, kind: Kind): string[] | undefined {
  const isLatin = words.every(({ raw }) => /^[\p{Script=Latin}\d,'’.-]+$/u.test(raw));
  // "Will it rain" needs a preposition before its place where there are some.
  const hasPrepositions = isLatin && !words.some(({ folded }) => TURKISH.test(folded));
  if (unknown > MAX_LEFT || (hasPrepositions && (kind !== "weather" || words.length > 9))) return undefined;
  const { places } = leftOver(words);
  return places.length > 0 ? places : undefined;
}

type Kind = "weather" | "phenomenon" | "temperature";

function kindOf(sentence: string): Kind | undefined {
  const folded = fold(sentence);
  const { weather } = VOCABULARY.value;
  const isNamed = wordsIn(sentence).some(({ folded: word }) => weather.has(word));
  if (isNamed || /\bhava durumu\b/.test(folded)) return "weather";
  if (PHENOMENA.some((pattern) => pattern.test(folded))) return "phenomenon";
  return TEMPERATURE.test(folded) ? "temperature" : undefined;
}

/** "The weather was lovely": told, not asked. */
function isTold(folded: string, part: string): boolean {
  return /\b(?:was|were|had been|war|waren|etait|era|fue|fu)\b/.test(folded) && !/[?？؟]/.test(part);
}
