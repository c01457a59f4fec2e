/** How far the reading of a text is. `piece` counts from 0. */
export type ReadingState =
  | { kind: "loading" | "playing" | "paused"; piece: number }
  | { kind: "ended" }
  | { kind: "failed"; error: unknown };

/** What makes sounds: the browser's, or a test's. */
export type Loudspeaker = {
  /** Resolves when the sound has ended or the signal aborts; rejects if it cannot be played. */
  play(sound: Blob, signal: AbortSignal): Promise<void>;
  pause(): void;
  resume(): void;
};

export type ReadingParts = {
  pieces: readonly string[];
  speak: (piece: string, signal: AbortSignal) => Promise<Blob>;
  loudspeaker: Loudspeaker;
  changed: (state: ReadingState) => void;
};

type Spoken = { sound: Blob } | { error: unknown };

/** Reads a text aloud: while one piece is heard, the next is asked for. */
export class Reading {
  readonly #parts: ReadingParts;
  readonly #stopping = new AbortController();
  #piece = 0;
  #state: ReadingState = { kind: "loading", piece: 0 };

  constructor(parts: ReadingParts) {
    this.#parts = parts;
  }

  /** Resolves when it has ended, however it did. */
  async run(): Promise<void> {
    const { pieces, loudspeaker } = this.#parts;
    const { signal } = this.#stopping;
    let next = this.#ask(0);
    for (this.#piece = 0; this.#piece < pieces.length; this.#piece++) {
      this.#set({ kind: "loading", piece: this.#piece });
      const spoken = await next;
      if (signal.aborted) return;
      if ("error" in spoken) return this.#set({ kind: "failed", error: spoken.error });
      next = this.#ask(this.#piece + 1);
      this.#set({ kind: "playing", piece: this.#piece });
      try {
        await loudspeaker.play(spoken.sound, signal);
      } catch (error) {
        if (!signal.aborted) this.#set({ kind: "failed", error });
        this.#stopping.abort();
      }
      if (signal.aborted) return;
    }
    this.#set({ kind: "ended" });
  }

  pause(): void {
    if (this.#state.kind !== "playing") return;
    this.#parts.loudspeaker.pause();
    this.#set({ kind: "paused", piece: this.#piece });
  }

  resume(): void {
    if (this.#state.kind !== "paused") return;
    this.#parts.loudspeaker.resume();
    this.#set({ kind: "playing", piece: this.#piece });
  }

  /** Nothing is heard or asked for any more. */
  stop(): void {
    this.#stopping.abort();
  }

  /** A failure is kept until its piece is due: what was asked ahead may never be heard. */
  #ask(index: number): Promise<Spoken> {
    const piece = this.#parts.pieces[index];
    if (piece === undefined) return Promise.resolve({ error: undefined });
    return this.#parts.speak(piece, this.#stopping.signal).then(
      (sound) => ({ sound }),
      (error: unknown) => ({ error }),
    );
  }

  #set(state: ReadingState): void {
    this.#state = state;
    this.#parts.changed(state);
  }
}
