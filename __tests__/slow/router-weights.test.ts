import { expect, test } from "vitest";
import packed from "#lib/router/intent/weights.json" with { type: "json" };
import { digestOfSources, trainingHalf, trainOnAll } from "../../training/router/train.ts";

test("the router's weights are those that the data and the code here give", () => {
  expect({ madeFrom: digestOfSources(), ...trainOnAll(trainingHalf()) }).toEqual(packed);
}, 600_000);
