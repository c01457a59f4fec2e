export type NoteKind = "footnote" | "endnote";

/** Numbers the notes in the order in which the text names them, as Word does. */
export class NoteMarks {
  readonly #texts: Readonly<Record<NoteKind, ReadonlyMap<string, string>>>;
  readonly #marks = new Map<string, { mark: string; text: string }>();
  readonly #counts: Record<NoteKind, number> = { footnote: 0, endnote: 0 };

  constructor(texts: Readonly<Record<NoteKind, ReadonlyMap<string, string>>>) {
    this.#texts = texts;
  }

  /** The mark of a note; nothing for one that has no text. */
  readonly mark = (kind: NoteKind, id: string): string => {
    const text = this.#texts[kind].get(id);
    if (text === undefined) return "";
    const key = `${kind} ${id}`;
    const known = this.#marks.get(key);
    if (known !== undefined) return known.mark;
    const mark = `[^${kind === "endnote" ? "e" : ""}${++this.#counts[kind]}]`;
    this.#marks.set(key, { mark, text });
    return mark;
  };

  /** The notes that were named. */
  markdown(): string {
    return [...this.#marks.values()].map(({ mark, text }) => `${mark}: ${text}`).join("\n");
  }
}
