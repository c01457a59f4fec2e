import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { OTHER_FACTS, SAME_FACTS } from "../memory/same-facts.ts";
import { startTestSupabase, type TestSupabase } from "../support/test-database.ts";

let supabase: TestSupabase;
beforeAll(async () => {
  supabase = await startTestSupabase();
}, 30_000);
afterAll(() => supabase.stop());

/** What becomes of two facts of a new user. */
async function kept(...facts: readonly string[]): Promise<(string | undefined)[]> {
  const { accessToken } = await supabase.signUp();
  const outcomes: (string | undefined)[] = [];
  for (const fact of facts) {
    const { error } = await supabase.clients.asUser(accessToken).from("ai_user_memories").insert({ fact });
    outcomes.push(error?.code);
  }
  return outcomes;
}

describe("the database takes for one memory what the gateway does:", () => {
  test.each(SAME_FACTS)("%s, %s", async (a, b) => {
    expect(await kept(a, b)).toEqual([undefined, "23505"]);
  });

  test.each(OTHER_FACTS)("not %s, %s", async (a, b) => {
    expect(await kept(a, b)).toEqual([undefined, undefined]);
  });
});

test("a user's memory hides nobody else's", async () => {
  expect(await kept("Lives in Bergen")).toEqual([undefined]);
  expect(await kept("Lives in Bergen")).toEqual([undefined]);
});
