import { sentencesInSequence } from "#lib/agent/sequence.ts";
import { jsonItems } from "#lib/model-text/json-items.ts";
import { listedItems } from "#lib/model-text/listed-items.ts";
import { jsonIn } from "#lib/model-text/model-json.ts";
import { plainText } from "#lib/model-text/plain-text.ts";
import { isJsonObject } from "#lib/shared/json.ts";
import { truncate } from "#lib/shared/text.ts";

export const MAX_STEPS = 5;
const MAX_TITLE = 300;
/** Of a planner's answer, characters: more is no plan. */
const MAX_ANSWER = 20_000;
/** Entries of a list that are looked at: some models write hundreds. */
const MAX_ENTRIES = 50;

export type PlannedStep = {
  title: string;
  /** The earlier steps whose results it needs, by their index from 0. */
  needs: readonly number[];
};

/** What a model calls a list of steps, the title of a step, its number, and the steps that it needs. */
const LISTS = ["steps", "plan", "tasks", "subtasks", "sub_tasks", "items", "actions"];
const TITLES = [
  "title",
  "step",
  "task",
  "name",
  "description",
  "action",
  "instruction",
  "instructions",
  "goal",
  "text",
  "content",
];
const NUMBERS = ["id", "index", "number", "step_number", "step", "order", "n"];
const NEEDS = ["needs", "dependsOn", "depends_on", "dependencies", "requires", "after", "inputs"];

/** A step that cannot be done without what others have found. */
const GATHERS =
  /^(?:summari[sz]e|synthesi[sz]e|combine|compile|conclude|compare|recommend|merge|finali[sz]e|write (?:up|the|a final)|draft the|based on|using (?:the|these|those)|from (?:the|these|those) results)/i;
/** "Step 2:" in front of a title. */
const NUMBERED =
  /^(?:step|task|schritt|étape|paso|passo|шаг|步骤|步驟|ステップ|단계|الخطوة|चरण)\s?\d{1,2}\s?[.:：)–-]\s?/iu;
const REFUSAL =
  /^\W{0,5}(?:i(?:'|’)?m (?:sorry|unable|afraid)|i am (?:sorry|unable)|sorry\b|i (?:can(?:'|’)?t|cannot|won(?:'|’)?t)\b|as an ai\b)/i;

/**
 * The steps of a plan, one to five, whatever a planner writes: JSON (fenced, within sentences, cut off), a numbered
 * list, bullets, sentences. One without any plan has one step, the goal itself.
 */
export function readPlan(answer: string, goal: string): PlannedStep[] {
  const text = withoutThoughts(answer).slice(0, MAX_ANSWER).trim();
  const steps = REFUSAL.test(text) ? [] : cleaned(rawSteps(text));
  return steps.length === 0 ? [{ title: truncate(oneLine(goal), MAX_TITLE), needs: [] }] : steps;
}

/** A step as it is read: what it needs may be named by another step's number or title. */
type RawStep = { title: string; number?: number; needs?: readonly unknown[] };

function rawSteps(text: string): RawStep[] {
  const found = jsonIn(text);
  const structured = found === undefined ? [] : entriesOf(found.value).map(rawStep);
  if (structured.some(({ title }) => title !== "")) return structured;
  const strings = jsonItems(text);
  if (strings !== undefined && strings.length > 0)
    return strings.slice(0, MAX_ENTRIES).map((title) => ({ title }));
  const sentences = isList(text) ? [] : sentencesInSequence(text);
  if (sentences.length > 1) {
    return sentences.map((title, at) => ({ title, needs: at === 0 ? [] : [at] }));
  }
  return listedItems(text)
    .slice(0, MAX_ENTRIES)
    .map((title) => ({ title }));
}

function entriesOf(value: unknown): unknown[] {
  if (Array.isArray(value)) return value.slice(0, MAX_ENTRIES);
  if (!isJsonObject(value)) return [];
  for (const name of LISTS) {
    const list = value[name];
    if (Array.isArray(list)) return list.slice(0, MAX_ENTRIES);
    if (isJsonObject(list)) return entriesOf(list);
  }
  const lists = Object.values(value).filter((field) => Array.isArray(field));
  if (lists.length === 1) return entriesOf(lists[0]);
  // {"step1": "…", "step2": "…"}, or a plan of one step.
  const named = Object.entries(value).filter(([name]) => /^(?:step|task)?[ _-]?\d{1,2}$/i.test(name));
  return named.length > 0 ? named.map(([, step]) => step).slice(0, MAX_ENTRIES) : [value];
}

function rawStep(value: unknown): RawStep {
  if (typeof value === "string") return { title: value };
  if (!isJsonObject(value)) return { title: "" };
  const title = TITLES.map((name) => value[name]).find(
    (field) => typeof field === "string" && field.trim() !== "",
  );
  const step: RawStep = { title: typeof title === "string" ? title : "" };
  const number = NUMBERS.map((name) => numberOf(value[name])).find((one) => one !== undefined);
  if (number !== undefined) step.number = number;
  const needs = NEEDS.map((name) => value[name]).find((field) => field !== undefined && field !== null);
  if (needs !== undefined) step.needs = Array.isArray(needs) ? needs : [needs];
  return step;
}

function numberOf(value: unknown): number | undefined {
  const isNumber = typeof value === "number" || (typeof value === "string" && /^\d{1,3}$/.test(value));
  return isNumber && Number.isInteger(Number(value)) ? Number(value) : undefined;
}

/** One line each, without repetitions, five at most. */
function cleaned(raw: readonly RawStep[]): PlannedStep[] {
  const kept: RawStep[] = [];
  const seen = new Set<string>();
  for (const step of raw) {
    const title = truncate(oneLine(plainText(step.title).replace(NUMBERED, "")), MAX_TITLE);
    const key = title.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, "");
    if (key === "" || seen.has(key)) continue;
    seen.add(key);
    kept.push({ ...step, title });
    if (kept.length === MAX_STEPS) break;
  }
  const saysNeeds = kept.some(({ needs }) => needs !== undefined);
  return kept.map((step, at) => {
    const gathers = !saysNeeds && at > 0 && GATHERS.test(step.title);
    const needs = gathers ? kept.slice(0, at).map((_, before) => before) : needsOf(step, at, kept);
    return { title: step.title, needs };
  });
}

/** The indices of the earlier steps that are meant: by their numbers, else by their titles. */
function needsOf({ needs = [] }: RawStep, at: number, steps: readonly RawStep[]): number[] {
  const startsAtZero = steps.some(({ number }) => number === 0);
  const isNumbered = steps.every(({ number }) => number !== undefined);
  const found = needs.flatMap((need) => {
    const text = String(need).trim().toLowerCase();
    const [, digits] = /^(?:step|task|#)?[ _-]?(\d{1,2})$/.exec(text) ?? [];
    if (digits === undefined) return steps.findIndex(({ title }) => title.toLowerCase() === text);
    const number = Number(digits);
    if (isNumbered) return steps.findIndex((step) => step.number === number);
    return startsAtZero ? number : number - 1;
  });
  return [...new Set(found)].filter((index) => index >= 0 && index < at).sort((a, b) => a - b);
}

/** Lines with numbers or bullets, which may begin with such words, too. */
function isList(text: string): boolean {
  return (text.match(/^[ \t]*(?:\d{1,2}[.)]|[-*•])[ \t]/gm) ?? []).length > 1;
}

function withoutThoughts(text: string): string {
  const end = text.lastIndexOf("</think>");
  return end === -1 ? text : text.slice(end + "</think>".length);
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, " ").trim();
}
