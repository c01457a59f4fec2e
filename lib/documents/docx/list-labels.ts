import { formatCount } from "#lib/documents/docx/count-format.ts";
import type { ListLevel, Numbering } from "#lib/documents/docx/numbering.ts";
import { inherited, type ListPlace, type ParagraphStyle } from "#lib/documents/docx/styles.ts";

/** What stands before an item: `-`, or the number that Word shows; empty for items without either. */
export type ListLabel = { level: number; label: string };

/** What Word writes for "no list". */
const NO_LIST = "0";
const PLACEHOLDER = /%([1-9])/g;

/** Counts the items of all lists of a document, in the order in which they are asked for. */
export class ListLabels {
  readonly #numbering: Numbering;
  readonly #styles: ReadonlyMap<string, ParagraphStyle>;
  /** Lists that share an abstract one continue each other's count. */
  readonly #counts = new Map<string, (number | undefined)[]>();
  /** Lists whose own start has been used. */
  readonly #started = new Set<string>();

  constructor(numbering: Numbering, styles: ReadonlyMap<string, ParagraphStyle>) {
    this.#numbering = numbering;
    this.#styles = styles;
  }

  /** The label of the next paragraph; undefined if it is in no list. */
  next(own: ListPlace, style: string | undefined): ListLabel | undefined {
    const list = own.list ?? inherited(this.#styles, style, (one) => one.list);
    if (list === undefined || list === NO_LIST) return undefined;
    const abstract = this.#abstractOf(list);
    if (abstract === undefined) return undefined;
    const level =
      own.level ?? this.#levelOfStyle(abstract, style) ?? inherited(this.#styles, style, (one) => one.level);
    return this.#label(list, abstract, Math.min(Math.max(level ?? 0, 0), 8));
  }

  /** The id of the list's abstract one; lists that are defined by a style name another list. */
  #abstractOf(list: string): string | undefined {
    const seen = new Set<string>();
    for (let next: string | undefined = list; next !== undefined && !seen.has(next); ) {
      seen.add(next);
      const id: string | undefined = this.#numbering.lists.get(next)?.abstract;
      const abstract = this.#numbering.abstracts.get(id ?? "");
      if (abstract?.styleLink === undefined) return abstract === undefined ? undefined : id;
      next = this.#styles.get(abstract.styleLink)?.list;
    }
    return undefined;
  }

  #levelOfStyle(abstract: string, style: string | undefined): number | undefined {
    if (style === undefined) return undefined;
    const levels = this.#numbering.abstracts.get(abstract)?.levels ?? new Map<number, ListLevel>();
    return [...levels].find(([, level]) => level.style === style)?.[0];
  }

  #label(list: string, abstract: string, level: number): ListLabel {
    const definition = this.#level(list, abstract, level);
    const counts = this.#count(list, abstract, level);
    if (definition === undefined || definition.format === "bullet") return { level, label: "-" };
    const label = definition.text.replace(PLACEHOLDER, (_, digit: string) => {
      const index = Number(digit) - 1;
      const other = this.#level(list, abstract, index);
      return formatCount(counts[index] ?? other?.start ?? 1, other?.format ?? "decimal");
    });
    return { level, label: label.trim() };
  }

  #level(list: string, abstract: string, level: number): ListLevel | undefined {
    return (
      this.#numbering.lists.get(list)?.levels.get(level) ??
      this.#numbering.abstracts.get(abstract)?.levels.get(level)
    );
  }

  /** The counts of all levels after this item. An item begins the levels below it anew. */
  #count(list: string, abstract: string, level: number): readonly (number | undefined)[] {
    const counts = this.#counts.get(abstract) ?? [];
    this.#counts.set(abstract, counts);
    const ownStart = this.#numbering.lists.get(list)?.starts.get(level);
    const use = `${list} ${level}`;
    if (ownStart !== undefined && !this.#started.has(use)) counts[level] = undefined;
    this.#started.add(use);
    const before = counts[level];
    counts[level] =
      before === undefined ? (ownStart ?? this.#level(list, abstract, level)?.start ?? 1) : before + 1;
    counts.length = level + 1;
    return counts;
  }
}
