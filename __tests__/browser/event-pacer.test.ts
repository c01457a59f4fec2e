import { expect, test } from "vitest";
import { EventPacer } from "#lib/browser/event-pacer.ts";
import type { BrowserEvent } from "#lib/browser/events.ts";
import { fc } from "../support/properties.ts";

/** A screen whose frames a test draws, and what was shown in each. */
function aScreen() {
  const shown: BrowserEvent[][] = [];
  const frames: (() => void)[] = [];
  const pacer = new EventPacer<BrowserEvent>(
    (events) => void shown.push([...events]),
    (callback) => void frames.push(callback),
  );
  return { pacer, shown, frames, draw: () => frames.splice(0).forEach((callback) => void callback()) };
}

const token = (text: string): BrowserEvent => ({ type: "token", text });

test("all that comes between two frames is shown at once, in order", () => {
  const { pacer, shown, frames, draw } = aScreen();
  pacer.add([token("a")]);
  pacer.add([token("b"), token("c")]);
  expect([shown, frames.length]).toEqual([[], 1]);
  draw();
  expect(shown).toEqual([[token("a"), token("b"), token("c")]]);
  pacer.add([token("d")]);
  draw();
  expect(shown[1]).toEqual([token("d")]);
});

test("nothing is asked of the screen while nothing comes", () => {
  const { pacer, shown, frames, draw } = aScreen();
  pacer.add([]);
  pacer.flush();
  draw();
  expect([shown, frames.length]).toEqual([[], 0]);
});

test("a flush shows what waits at once, and the frame then finds nothing", () => {
  const { pacer, shown, draw } = aScreen();
  pacer.add([token("a")]);
  pacer.flush();
  expect(shown).toEqual([[token("a")]]);
  draw();
  expect(shown).toHaveLength(1);
});

test("nothing is lost, doubled or moved, however events, frames and flushes come", () => {
  const step = fc.oneof(
    fc.array(fc.string(), { maxLength: 5 }),
    fc.constant("draw" as const),
    fc.constant("flush" as const),
  );
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      const { pacer, shown, draw } = aScreen();
      const sent: BrowserEvent[] = [];
      for (const one of steps) {
        if (one === "draw") draw();
        else if (one === "flush") pacer.flush();
        else {
          const events = one.map(token);
          sent.push(...events);
          pacer.add(events);
        }
      }
      pacer.flush();
      expect(shown.flat()).toEqual(sent);
      expect(shown).not.toContainEqual([]);
    }),
  );
});
