import { describe, expect, test } from "vitest";
import type { ChatEvent } from "#lib/chat/events.ts";
import { CallIds } from "#lib/providers/protocols/call-ids.ts";
import { ToolCallAssembler } from "#lib/providers/protocols/openai-compatible/tool-call-assembler.ts";
import { fc } from "../../support/properties.ts";
import { foldEvents } from "../../support/replay.ts";

// Whatever the pieces in which an engine tells its calls, and however it numbers them: the calls come out the same.

type Call = { name: string; arguments: string };
type Fragment = { index?: number; id?: string; function: { name?: string; arguments?: string } };
/** The fragments of calls whose arguments come in these pieces. */
type Convention = (calls: readonly Call[], pieces: (text: string) => string[]) => Fragment[];

const header = (call: Call, more: Partial<Fragment>): Fragment => ({
  ...more,
  function: { name: call.name, arguments: "" },
});

const CONVENTIONS: Readonly<Record<string, Convention>> = {
  "index on all, id at first (OpenAI)": (calls, pieces) =>
    calls.flatMap((call, index) => [
      header(call, { index, id: `call_${index}` }),
      ...pieces(call.arguments).map((text) => ({ index, function: { arguments: text } })),
    ]),
  "index from 1": (calls, pieces) =>
    calls.flatMap((call, index) => [
      header(call, { index: index + 1, id: `call_${index}` }),
      ...pieces(call.arguments).map((text) => ({ index: index + 1, function: { arguments: text } })),
    ]),
  interleaved: (calls, pieces) => {
    const queues = calls.map((call, index): Fragment[] => [
      header(call, { index, id: `call_${index}` }),
      ...pieces(call.arguments).map((text) => ({ index, function: { arguments: text } })),
    ]);
    const heads = queues.map((queue) => queue.shift()).filter((fragment) => fragment !== undefined);
    const rest: Fragment[] = [];
    while (queues.some((queue) => queue.length > 0)) {
      for (const queue of queues) rest.push(...queue.splice(0, 1));
    }
    return [...heads, ...rest];
  },
  "no index, id on all": (calls, pieces) =>
    calls.flatMap((call, index) => [
      header(call, { id: `call_${index}` }),
      ...pieces(call.arguments).map((text) => ({ id: `call_${index}`, function: { arguments: text } })),
    ]),
  "no index, id at first": (calls, pieces) =>
    calls.flatMap((call, index) => [
      header(call, { id: `call_${index}` }),
      ...pieces(call.arguments).map((text) => ({ function: { arguments: text } })),
    ]),
  "index 0 for all, other ids": (calls, pieces) =>
    calls.flatMap((call, index) => [
      header(call, { index: 0, id: `call_${index}` }),
      ...pieces(call.arguments).map((text) => ({ index: 0, function: { arguments: text } })),
    ]),
  "index 0 for all, whole, no ids": (calls) =>
    calls.map((call) => ({ index: 0, function: { name: call.name, arguments: call.arguments } })),
  "index 0 for all, no ids, the name with the first piece": (calls, pieces) =>
    calls.flatMap((call) =>
      pieces(call.arguments).map((text, at) => ({
        index: 0,
        function: at === 0 ? { name: call.name, arguments: text } : { arguments: text },
      })),
    ),
  "one id for all": (calls, pieces) =>
    calls.flatMap((call, index) => [
      header(call, { index, id: "call" }),
      ...pieces(call.arguments).map((text) => ({ index, id: "call", function: { arguments: text } })),
    ]),
  "another id in every fragment": (calls, pieces) =>
    calls.flatMap((call, index) => [
      header(call, { index, id: `call_${index}` }),
      ...pieces(call.arguments).map((text, at) => ({
        index,
        id: `x${index}_${at}`,
        function: { name: "", arguments: text },
      })),
    ]),
  "the name in every fragment": (calls, pieces) =>
    calls.flatMap((call, index) =>
      pieces(call.arguments).map((text) => ({
        index,
        id: `call_${index}`,
        function: { name: call.name, arguments: text },
      })),
    ),
  "an empty object first": (calls, pieces) =>
    calls.flatMap((call, index) => [
      { index, id: `call_${index}`, function: { name: call.name, arguments: "{}" } },
      ...pieces(call.arguments).map((text) => ({ index, function: { arguments: text } })),
    ]),
  "told again at the end": (calls, pieces) => [
    ...calls.flatMap((call, index) => [
      header(call, { index, id: `call_${index}` }),
      ...pieces(call.arguments).map((text) => ({ index, function: { arguments: text } })),
    ]),
    ...calls.map((call, index) => ({
      index,
      id: `call_${index}`,
      function: { name: call.name, arguments: call.arguments },
    })),
  ],
  "the arguments told again at the end, in pieces": (calls, pieces) => [
    ...calls.flatMap((call, index) => [
      header(call, { index, id: `call_${index}` }),
      ...pieces(call.arguments).map((text) => ({ index, function: { arguments: text } })),
    ]),
    ...calls.flatMap((call, index) =>
      pieces(call.arguments).map((text) => ({ index, function: { arguments: text } })),
    ),
  ],
};

function assembled(fragments: readonly Fragment[], isUsedId?: (id: string) => boolean) {
  let minted = 0;
  const newId = (): string => `minted-${++minted}`;
  const ids = new CallIds(isUsedId === undefined ? { newId } : { newId, isUsedId });
  const assembler = new ToolCallAssembler(ids, 0);
  const events: ChatEvent[] = [];
  for (const fragment of fragments) assembler.push(fragment, events);
  assembler.end(events);
  return foldEvents(events).toolCalls;
}

const args = fc
  .dictionary(fc.string({ maxLength: 6 }), fc.jsonValue({ maxDepth: 2 }), { minKeys: 1, maxKeys: 3 })
  .map((value) => JSON.stringify(value));
const calls = fc.array(fc.record({ name: fc.constantFrom("read", "write", "run"), arguments: args }), {
  minLength: 1,
  maxLength: 4,
});
const sizes = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 8 });

function chopped(text: string, lengths: readonly number[]): string[] {
  const pieces: string[] = [];
  for (let at = 0, turn = 0; at < text.length; turn++) {
    const length = lengths[turn % lengths.length] ?? 1;
    pieces.push(text.slice(at, at + length));
    at += length;
  }
  return pieces;
}

describe.each(Object.entries(CONVENTIONS))("%s", (_name, fragmentsOf) => {
  test("the calls come out the same, with ids of their own", () => {
    fc.assert(
      fc.property(calls, sizes, (told, lengths) => {
        const got = assembled(fragmentsOf(told, (text) => chopped(text, lengths)));
        expect(got.map(({ name, arguments: text }) => ({ name, arguments: text }))).toEqual(told);
        expect(new Set(got.map(({ id }) => id)).size).toBe(told.length);
      }),
      { numRuns: 100 },
    );
  });

  test("no id of the history comes again", () => {
    fc.assert(
      fc.property(calls, sizes, (told, lengths) => {
        const got = assembled(
          fragmentsOf(told, (text) => chopped(text, lengths)),
          (id) => id.startsWith("call"),
        );
        expect(got.filter(({ id }) => id.startsWith("call"))).toEqual([]);
      }),
      { numRuns: 30 },
    );
  });
});

test("objects under one index are calls of one tool, wherever they are cut", () => {
  fc.assert(
    fc.property(fc.uniqueArray(args, { minLength: 1, maxLength: 4 }), sizes, (objects, lengths) => {
      // What begins like the object before it cannot be told from its repetition until it differs.
      const pieces = chopped(objects.join(""), lengths);
      const fragments = [
        { index: 0, id: "c", function: { name: "f", arguments: "" } },
        ...pieces.map((text) => ({ index: 0, function: { arguments: text } })),
      ];
      expect(assembled(fragments).map((call) => call.arguments)).toEqual(objects);
    }),
  );
});

test("what is not JSON stays not JSON", () => {
  for (const bad of ['{"a":1}}', '{"a":1} and so on', '{"a": oops}', "look it up", '["a"'].map(String)) {
    const [call] = assembled([{ index: 0, id: "c", function: { name: "f", arguments: bad } }]);
    expect(call?.arguments.replaceAll(" ", "")).toBe(bad.replaceAll(" ", ""));
  }
});
