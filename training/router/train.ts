// Makes lib/router/intent/weights.json from the training half of the labelled messages and from the patterns:
// `npm run train:router`. Always the same bytes for the same data; docs/AUTO-ROUTE.md says how to retrain.
import { createHash } from "node:crypto";
import { globSync, readFileSync, writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import type { PackedWeights } from "#lib/router/intent/weights.ts";
import { hash32 } from "#lib/shared/text.ts";
import { type Example, exampleOf, exampleOfPattern } from "./examples.ts";
import { isHeldOut, type LabelledMessage, readMessages } from "./messages.ts";
import { calibrate, trainWeights } from "./model.ts";
import { type PatternMessage, readPatterns } from "./patterns.ts";

const root = new URL("../../", import.meta.url);
export const WEIGHTS_FILE = new URL("lib/router/intent/weights.json", root);
/** One family in so many is left out of a first training, which chooses the temperature and the thresholds. */
const CALIBRATION_SHARE = 4;
/** Shorter messages are new if one word is: "who is the president", "who is the pope". */
const LONG_ENOUGH = 6;
/** In longer ones one word more or less is searched no more. */
const MAX_COMPARED = 40;

/** Trains on messages, and on examples that only train; some messages choose the thresholds first. */
export function train(
  messages: readonly LabelledMessage[],
  trainOnly: readonly Example[],
): Omit<PackedWeights, "madeFrom"> {
  const calibrating = messages.filter(isForCalibration);
  const rest = messages.filter((message) => !isForCalibration(message));
  const first = trainWeights([...rest.map(exampleOf), ...trainOnly]);
  const judged = calibrating.map((message) => {
    return { features: exampleOf(message).features, mode: message.mode, last: message.last };
  });
  const calibration = calibrate(first, judged);
  return { ...calibration, ...trainWeights([...messages.map(exampleOf), ...trainOnly]) };
}

/** A digest of everything that the weights depend on. */
export function digestOfSources(): string {
  const hash = createHash("sha256");
  const files = [
    "training/router/{messages,training-only}/*.jsonl",
    "training/router/patterns/*.txt",
    "training/router/{bit-encoder,examples,logistic,messages,model,patterns,train}.ts",
    "lib/router/intent/{bit-coder,concepts,features,shape,text,weights}.ts",
    "lib/router/intent/lexicon/*.ts",
  ].flatMap((pattern) => globSync(pattern, { cwd: root }));
  for (const file of files.map((name) => name.replaceAll("\\", "/")).sort()) {
    hash.update(`${file}\n${readFileSync(new URL(file, root), "utf8")}`);
  }
  return hash.digest("hex").slice(0, 16);
}

/** What trains, without what is nearly a message of the tests. */
export type TrainingHalf = {
  /** The half of the labelled messages that is not held out. */
  messages: LabelledMessage[];
  /** Messages that were written for training alone. */
  further: LabelledMessage[];
  patterns: PatternMessage[];
};

export function trainingHalf(): TrainingHalf {
  const all = [...readMessages("messages").values()].flat();
  const outside = [...readMessages("outside").values()].flat();
  const tested = new Set([...all.filter(isHeldOut), ...outside].flatMap(({ text }) => likenessesOf(text)));
  const isNew = ({ text }: { text: string }): boolean => !likenessesOf(text).some((like) => tested.has(like));
  return {
    messages: all.filter((message) => !isHeldOut(message) && isNew(message)),
    further: [...readMessages("training-only").values()].flat().filter(isNew),
    patterns: readPatterns().filter(isNew),
  };
}

/** The weights that the whole training half gives. */
export function trainOnAll({ messages, further, patterns }: TrainingHalf): Omit<PackedWeights, "madeFrom"> {
  return train(messages, [...further.map(exampleOf), ...patterns.map(exampleOfPattern)]);
}

/** Two messages that share one of these differ in the order of their words, and longer ones in one word. */
export function likenessesOf(text: string): string[] {
  const words = [...new Set(text.toLowerCase().match(/[\p{L}\p{M}\p{N}]+/gu) ?? [text])].sort();
  const likenesses = [words.join(" ")];
  if (words.length < LONG_ENOUGH || words.length > MAX_COMPARED) return likenesses;
  return [...likenesses, ...words.map((word) => words.filter((other) => other !== word).join(" "))];
}

function isForCalibration(message: LabelledMessage): boolean {
  return (hash32(`calibration:${message.family ?? message.text}`) >>> 12) % CALIBRATION_SHARE === 0;
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const started = performance.now();
  const half = trainingHalf();
  const weights: PackedWeights = { ...trainOnAll(half), madeFrom: digestOfSources() };
  const { temperature, sure, decisive, madeFrom, size, features } = weights;
  const text = `${JSON.stringify({ madeFrom, temperature, sure, decisive, size, features }, undefined, 2)}\n`;
  writeFileSync(WEIGHTS_FILE, text);
  const seconds = ((performance.now() - started) / 1000).toFixed(0);
  console.log(
    `${half.messages.length} + ${half.further.length} messages, ${half.patterns.length} from patterns, ${seconds} s, ${text.length} bytes`,
  );
}
