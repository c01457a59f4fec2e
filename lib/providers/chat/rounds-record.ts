import type { RunRecord } from "#lib/providers/chat/run.ts";

/**
 * The record of an answer in several rounds: all their calls, numbered through, and their texts as paragraphs. Its
 * fields are read from the rounds' own records, which go on growing; a copy has what is known at that moment.
 */
export type RoundsRecord = {
  readonly record: RunRecord;
  /** How many calls the rounds before the last one have made. */
  readonly callsBefore: number;
  /** A further round. */
  add(round: RunRecord): void;
  /** What the gateway itself says at the end of the answer. */
  say(text: string): void;
};

export function roundsRecord(): RoundsRecord {
  const rounds: RunRecord[] = [];
  let said = "";
  return {
    record: {
      state: "running",
      get attempts() {
        return numbered(rounds, ({ attempts }) => attempts);
      },
      get usages() {
        return numbered(rounds, ({ usages }) => usages);
      },
      get skipped() {
        return rounds.at(-1)?.skipped ?? [];
      },
      get engine() {
        return rounds.findLast(({ engine }) => engine !== undefined)?.engine;
      },
      get calls() {
        return callsOf(rounds);
      },
      get text() {
        return [...rounds.map(({ text }) => text), said].filter((text) => text !== "").join("\n\n");
      },
      get committed() {
        return rounds.some(({ committed }) => committed);
      },
      get firstContentMs() {
        return rounds[0]?.firstContentMs;
      },
      get malformedFrames() {
        return rounds.reduce((sum, { malformedFrames }) => sum + malformedFrames, 0);
      },
      get late() {
        const waiting = rounds.flatMap(({ late }) => late ?? []);
        return waiting.length === 0 ? undefined : Promise.all(waiting).then(() => undefined);
      },
    },
    get callsBefore() {
      return callsOf(rounds.slice(0, -1));
    },
    add: (round) => void rounds.push(round),
    say: (text) => {
      said = text;
    },
  };
}

function callsOf(rounds: readonly RunRecord[]): number {
  return rounds.reduce((sum, { calls }) => sum + calls, 0);
}

/** What each round has, with the numbers of its calls behind those of the rounds before. */
function numbered<Item extends { call: number }>(
  rounds: readonly RunRecord[],
  of: (round: RunRecord) => readonly Item[],
): Item[] {
  let before = 0;
  return rounds.flatMap((round) => {
    const offset = before;
    before += round.calls;
    return of(round).map((item) => (offset === 0 ? item : { ...item, call: item.call + offset }));
  });
}
