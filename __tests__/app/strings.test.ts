import { expect, test } from "vitest";
import { FAILURE_POLICY } from "#lib/providers/failures/failure.ts";
import { chatStrings } from "../../app/_strings/chat.ts";

test("the chat has words for every way in which an attempt can end", () => {
  expect(Object.keys(chatStrings.outcomes)).toEqual(
    expect.arrayContaining([...Object.keys(FAILURE_POLICY), "diverged"]),
  );
});
