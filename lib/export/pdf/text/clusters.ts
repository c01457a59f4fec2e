const SIMPLE = /^[\t\n\x20-\u02ff]*$/;
const segmenter = new Intl.Segmenter("und", { granularity: "grapheme" });
/** Joined emoji and accents are shorter: what comes behind is a pile of marks, which takes fonts very long. */
const MAX_CLUSTER = 32;

/** What a reader takes for one character, one after another. */
export function* clustersOf(text: string): Generator<string> {
  if (SIMPLE.test(text)) {
    yield* text;
    return;
  }
  for (const { segment } of segmenter.segment(text)) yield segment;
}

/** Controls, and halves of characters. */
const CONTROLS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\ufff9-\ufffb]/g;

/** Text that can be drawn: without control characters and halves of surrogate pairs. */
export function drawable(text: string): string {
  return text
    .toWellFormed()
    .replaceAll(/\u2028|\u2029|\r\n?/g, "\n")
    .replace(CONTROLS, "");
}

/** Characters that only tell where a line breaks, how its directions run, or which look another has. */
const SILENT = /(?![\u200c\u200d])\p{Default_Ignorable_Code_Point}/gu;

/** What is drawn of a cluster. */
export function visible(cluster: string): string {
  if (cluster === "\u00a0" || cluster === "\u202f" || cluster === "\t") return " ";
  return cluster.slice(0, MAX_CLUSTER).toWellFormed().replace(SILENT, "");
}
