import type { EngineUsage, RunRecord } from "#lib/providers/chat/run.ts";
import type { Engine } from "#lib/providers/registry.ts";
import type { AttemptReport, SkippedEngine } from "#lib/providers/walk/walk-types.ts";

/** The record of an answer in several rounds: all their calls, numbered through, and their texts as paragraphs. */
export class RoundsRecord implements RunRecord {
  state: RunRecord["state"] = "running";
  readonly #rounds: RunRecord[] = [];
  /** Said by the gateway itself, at the end. */
  #said = "";

  /** A further round, whose record goes on growing. */
  add(round: RunRecord): void {
    this.#rounds.push(round);
  }

  say(text: string): void {
    this.#said = text;
  }

  /** How many calls the rounds before the last one have made. */
  get callsBefore(): number {
    return this.#rounds.slice(0, -1).reduce((sum, { calls }) => sum + calls, 0);
  }

  get attempts(): AttemptReport[] {
    return this.#numbered(({ attempts }) => attempts);
  }

  get usages(): EngineUsage[] {
    return this.#numbered(({ usages }) => usages);
  }

  get skipped(): readonly SkippedEngine[] {
    return this.#rounds.at(-1)?.skipped ?? [];
  }

  get engine(): Engine | undefined {
    return this.#rounds.findLast(({ engine }) => engine !== undefined)?.engine;
  }

  get calls(): number {
    return this.#rounds.reduce((sum, { calls }) => sum + calls, 0);
  }

  get text(): string {
    return [...this.#rounds.map(({ text }) => text), this.#said].filter((text) => text !== "").join("\n\n");
  }

  get committed(): boolean {
    return this.#rounds.some(({ committed }) => committed);
  }

  get firstContentMs(): number | undefined {
    return this.#rounds[0]?.firstContentMs;
  }

  get malformedFrames(): number {
    return this.#rounds.reduce((sum, { malformedFrames }) => sum + malformedFrames, 0);
  }

  get late(): Promise<void> | undefined {
    const waiting = this.#rounds.flatMap(({ late }) => late ?? []);
    return waiting.length === 0 ? undefined : Promise.all(waiting).then(() => undefined);
  }

  /** What each round has, with the numbers of its calls behind those of the rounds before. */
  #numbered<Item extends { call: number }>(of: (round: RunRecord) => readonly Item[]): Item[] {
    const [only, second] = this.#rounds;
    if (only !== undefined && second === undefined) return [...of(only)];
    let before = 0;
    return this.#rounds.flatMap((round) => {
      const offset = before;
      before += round.calls;
      return of(round).map((item) => ({ ...item, call: item.call + offset }));
    });
  }
}
