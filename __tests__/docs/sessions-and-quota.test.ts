import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { quotaSchema } from "#lib/apis/native/quota-answer-schema.ts";
import { sessionListSchema } from "#lib/apis/native/sessions-answer-schema.ts";

test.each([
  ["docs/SESSIONS.md", sessionListSchema],
  ["docs/QUOTA.md", quotaSchema],
])("the answer in %s is one of the route", (page, schema) => {
  const [, json = ""] = /```json\n([^`]+)```/.exec(readFileSync(page, "utf8")) ?? [];
  const example: unknown = JSON.parse(json);
  // Nothing in it that the route does not send.
  expect(schema.parse(example)).toEqual(example);
});
