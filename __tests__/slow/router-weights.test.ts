import { expect, test } from "vitest";
import packed from "#lib/router/intent/weights.json" with { type: "json" };
import { digestOfSources, train, trainingHalf } from "../../training/router/train.ts";

test("the router's weights are those that the data and the code here give", () => {
  const { messages, trainOnly } = trainingHalf();
  expect({ madeFrom: digestOfSources(), ...train(messages, trainOnly) }).toEqual(packed);
}, 300_000);
