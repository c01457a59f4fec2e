import { expect, test } from "vitest";
import { TraceParents } from "#lib/services/telemetry/trace-parent.ts";
import { expectLinear } from "../../support/linear.ts";

const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
const SPAN = "00f067aa0ba902b7";

/** What becomes of a request with this header. */
function read(traceparent: string) {
  const parents = new TraceParents();
  parents.note("request", new Headers({ traceparent }));
  return parents.take("request");
}

test.each([
  { header: `00-${TRACE}-${SPAN}-01`, isSampled: true },
  { header: `00-${TRACE}-${SPAN}-00`, isSampled: false },
  { header: `00-${TRACE}-${SPAN}-03`, isSampled: true },
  // Later versions may say more.
  { header: `cc-${TRACE}-${SPAN}-01`, isSampled: true },
  { header: `01-${TRACE}-${SPAN}-01-what-the-future-brings`, isSampled: true },
])("$header", ({ header, isSampled }) => {
  expect(read(header)).toEqual({ traceId: TRACE, spanId: SPAN, isSampled });
});

test.each([
  "",
  "garbage",
  `00-${TRACE}-${SPAN}`,
  `00-${TRACE}-${SPAN}-1`,
  `00-${TRACE}-${SPAN}-01-more`,
  `00-${TRACE.toUpperCase()}-${SPAN}-01`,
  `ff-${TRACE}-${SPAN}-01`,
  `0-${TRACE}-${SPAN}-01`,
  `00-${"0".repeat(32)}-${SPAN}-01`,
  `00-${TRACE}-${"0".repeat(16)}-01`,
  `00-${TRACE}-${SPAN}-zz`,
  `01-${TRACE}-${SPAN}-01-${"x".repeat(1_000)}`,
])("%s is no parent", (header) => {
  expect(read(header)).toBeUndefined();
});

test("reading is linear", () => {
  expectLinear(10_000, (size) => () => void read(`01-${TRACE}-${SPAN}-01-${" ".repeat(size)}`));
});

test("a parent is taken once; what never makes a turn is forgotten", () => {
  const parents = new TraceParents();
  const headers = new Headers({ traceparent: `00-${TRACE}-${SPAN}-01` });
  parents.note("first", headers);
  expect(parents.take("first")?.spanId).toBe(SPAN);
  expect(parents.take("first")).toBeUndefined();
  parents.note("old", headers);
  for (let index = 0; index < 10_000; index++) parents.note(String(index), headers);
  expect(parents.take("old")).toBeUndefined();
});
