import { describe, expect, test } from "vitest";
import { type CodeRule, findCode } from "#lib/router/intent/hard-rules.ts";
import { intentOf } from "#lib/router/intent/route-intent.ts";
import { expectLinear } from "../support/linear.ts";

type Row = { matches: readonly string[]; nearMisses: readonly string[] };

/** Near misses must match no rule at all. */
const RULES: Readonly<Record<CodeRule, Row>> = {
  fence: {
    matches: [
      "what does this do?\n```python\nx = [i for i in range(3)]\n```",
      "```js\nfoo()\n```",
      "Fehler hier:\n```\nif (a) {\n  b();\n}\n```\nwarum?",
      "```sql\nselect 1\n```",
      "convert to yaml ```json\n{}\n```",
    ],
    nearMisses: [
      "Translate this:\n```\nThe rain in Spain stays mainly in the plain.\n```",
      "```text\nDear Anna, see you on Monday.\n```\nmake it more formal",
      "Answer between triple backticks ``` like this ```",
      "summarize ```\nOnce upon a time there was a king; he had a daughter.\n```",
      "```markdown\n# My trip\nWe went to Rome.\n```\nshorten it",
    ],
  },
  "stack-trace": {
    matches: [
      'Traceback (most recent call last):\n  File "a.py", line 3, in <module>',
      "it dies:\n    at render (/srv/app/view.js:14:22)\n    at process",
      "\tat com.acme.Store.load(Store.java:41)",
      'Exception in thread "main" something',
      "goroutine 1 [running]:\nmain.main()",
    ],
    nearMisses: [
      "Meet me at the station (platform 4) at 10:15",
      "    at the end of the day (usually 5:30) we walk home",
      "He kept a file, line by line, of every visitor.",
      "The thread of the story runs through chapter 3.",
      "Trace back the history of the Habsburgs",
    ],
  },
  error: {
    matches: [
      "TypeError: Cannot read properties of undefined (reading 'map')",
      "warum kommt eine NullPointerException beim Start",
      "error TS2345 when I pass a string",
      "npm ERR! code ERESOLVE",
      "main.c:12:5: warning: unused variable",
    ],
    nearMisses: [
      "Was it human Error or bad luck?",
      "The Comedy of Errors: summary please",
      "There is an exception to every rule. Discuss.",
      "I made an error in my tax return, what now?",
      "rounding error of 3: what is the relative error of 120?",
    ],
  },
  diff: {
    matches: [
      "diff --git a/x.py b/x.py",
      "@@ -1,4 +1,6 @@ function main",
      "--- a/lib/x.rb\nis this ok",
      "+++ b/lib/x.rb\nis this ok",
      "<<<<<<< HEAD\nfoo",
    ],
    nearMisses: [
      "what's the diff between jam and jelly",
      "--- a short pause --- then she spoke",
      "mail me @@ the office",
      "+++ Breaking +++ what is going on?",
      "I <3 my head office",
    ],
  },
  shell: {
    matches: [
      "$ git status",
      "me@box:~/src$ make test",
      "what happens if I run docker run -d nginx",
      "#!/bin/sh",
      "git rebase ate my commits",
    ],
    nearMisses: [
      "$ 500 is how many euros?",
      "> On Monday she wrote: see you",
      "go - she said - and never come back",
      "make me a sandwich",
      "my cat -- a tabby -- sleeps all day",
    ],
  },
  sql: {
    matches: [
      "SELECT name FROM users WHERE id = 3",
      "why is select * from orders slow",
      "INSERT INTO t VALUES (1)",
      "UPDATE accounts SET balance = 0",
      "left join b on a.id = b.id gives duplicates",
    ],
    nearMisses: [
      "select a winner from the list of names",
      "Please update the guests and set the table",
      "Insert into the letter a line about my holidays",
      "which dishes can I select from the menu where it says vegan?",
      "delete from my memory that awful film",
    ],
  },
  source: {
    matches: [
      "def fib(n):\n    pass",
      "const total = items.reduce((a, b) => a + b)",
      "explain #include <stdio.h>",
      "public static void main(String[] args)",
      "what does `parse_row()` return",
    ],
    nearMisses: [
      "Let x = 3 and y = 4. Find x + y.",
      "The tenant shall pay the rent;\nthe tenant shall keep the flat clean;\nthe landlord shall repair the roof;\n",
      "\\begin{align}\nx &= 2 \\\\\n\\frac{1}{2}\n\\end{align}",
      "Class of 2010: we plan a reunion",
      "If f(x) = x^2, for which x is f(x) > 4?",
    ],
  },
};

describe.each(Object.entries(RULES))("%s", (rule, { matches, nearMisses }) => {
  test.each(matches)("is found in %j", (message) => expect(findCode(message)).toBe(rule));
  test.each(nearMisses)("is not found in %j", (message) => expect(findCode(message)).toBeUndefined());
});

describe("what a message has with it", () => {
  const context = { hasImage: false, history: [], toolsFor: () => [] };
  const withTool = { ...context, toolsFor: () => ["exchange_rates"] };

  test("an image is vision, also with code beside it", () => {
    const intent = intentOf("fix ```js\nfoo()\n```", { ...context, hasImage: true });
    expect(intent).toEqual({ mode: "vision", tools: [], reason: "image", confidence: 1, isDecisive: true });
  });

  test.each([
    "how much is 500 USD in EUR",
    "what is 20 pounds in yen",
    "wie viel sind 30 franken in euro",
    "100 dollars to pesos please",
    "convert 12 eur to gbp",
  ])("a tool that %j needs makes it live", (message) => {
    expect(intentOf(message, withTool)).toMatchObject({
      mode: "live",
      tools: ["exchange_rates"],
      reason: "tool",
      isDecisive: true,
    });
  });

  test.each([
    "write a function that converts 500 USD to EUR",
    "my currency converter app in React shows NaN for 500 USD to EUR, how do I debug it",
    "```js\nconvert(500, 'USD', 'EUR')\n```",
    "write a python script that fetches the exchange rate of USD to EUR every night",
    "unit test for convert(500, 'USD', 'EUR')",
  ])("tool words in a wish for code are code: %j", (message) => {
    expect(intentOf(message, withTool)).toMatchObject({ mode: "coder", tools: [] });
  });

  test("tools are asked with the conversation before", () => {
    const history = [{ role: "user" as const, content: "20 usd in yen" }];
    const asked: unknown[] = [];
    const toolsFor = (request: unknown): string[] => {
      asked.push(request);
      return [];
    };
    intentOf("and in euros?", { ...context, history, toolsFor });
    expect(asked).toEqual([{ message: "and in euros?", history }]);
  });
});

test.each([
  "a ",
  " ",
  "7",
  "select ",
  "```",
  "at (",
  "$ git ",
  "error ",
  "def ",
  'File "',
  "f(x) {\n",
  "<",
  "\\",
  "`a_",
  "日",
  "x.",
  "_a",
  "[1].",
  "A",
  "а ",
])("takes time in proportion to the message: %j", (piece) => {
  const context = { hasImage: false, history: [], toolsFor: () => [] };
  expectLinear(12_500, (size) => {
    const message = piece.repeat(Math.ceil(size / piece.length));
    return () => void intentOf(message, context);
  });
  const full = piece.repeat(Math.ceil(100_000 / piece.length));
  const times = Array.from({ length: 3 }, () => {
    const started = performance.now();
    intentOf(full, context);
    return performance.now() - started;
  });
  expect(Math.min(...times)).toBeLessThan(50);
});
