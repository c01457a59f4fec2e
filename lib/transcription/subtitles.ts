import type { Segment, Transcript } from "#lib/transcription/transcript.ts";

type Cue = Pick<Segment, "start" | "end" | "text">;

/** Columns of a line; a character of East Asia takes two. */
const LINE_COLUMNS = 42;
const WIDE = /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe4f\uff00-\uff60\uffe0-\uffe6]/;
/** How long a text stays that has no times, seconds a character. */
const SECONDS_A_CHARACTER = 1 / 15;
const graphemes = new Intl.Segmenter(undefined, { granularity: "grapheme" });

type Timed = Pick<Transcript, "text" | "segments" | "seconds">;

/** Subtitles in the format SubRip. */
export function toSrt(transcript: Timed): string {
  // The arrow of a cue's times must not stand in its text.
  const write = ({ start, end, text }: Cue, index: number): string =>
    `${index + 1}\n${times(start, end, ",")}\n${wrap(text.replaceAll("-->", "→"))}\n\n`;
  return cuesOf(transcript).map(write).join("");
}

/** Subtitles in the format WebVTT, whose text is escaped like HTML. */
export function toVtt(transcript: Timed): string {
  const write = ({ start, end, text }: Cue): string =>
    `${times(start, end, ".")}\n${escaped(wrap(text))}\n\n`;
  return `WEBVTT\n\n${cuesOf(transcript).map(write).join("")}`;
}

/** The segments; without any, one cue for all of the text. */
function cuesOf({ text, segments, seconds }: Timed): readonly Cue[] {
  if (segments.length > 0) return segments;
  if (text === "") return [];
  return [{ start: 0, end: seconds ?? Math.max(1, text.length * SECONDS_A_CHARACTER), text }];
}

/** A cue of no length would not be shown. */
function times(start: number, end: number, point: "," | "."): string {
  const from = Math.round(start * 1_000);
  const to = Math.max(from + 1, Math.round(end * 1_000));
  return `${timestamp(from, point)} --> ${timestamp(to, point)}`;
}

function timestamp(milliseconds: number, point: "," | "."): string {
  const pad = (value: number, digits = 2): string => String(value).padStart(digits, "0");
  const seconds = Math.floor(milliseconds / 1_000);
  const [hours, minutes] = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60];
  return `${pad(hours)}:${pad(minutes)}:${pad(seconds % 60)}${point}${pad(milliseconds % 1_000, 3)}`;
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

/** The text in lines that fit, broken at spaces, and within words that are longer or a script without spaces. */
function wrap(text: string): string {
  const lines: string[] = [];
  let line = "";
  let used = 0;
  const breakLine = (): void => {
    if (line !== "") lines.push(line.trimEnd());
    [line, used] = ["", 0];
  };
  for (const word of text.split(/\s+/)) {
    const columns = columnsOf(word);
    if (used > 0 && columns <= LINE_COLUMNS && used + 1 + columns > LINE_COLUMNS) breakLine();
    if (used > 0) [line, used] = [`${line} `, used + 1];
    if (columns <= LINE_COLUMNS) {
      [line, used] = [line + word, used + columns];
      continue;
    }
    for (const { segment } of graphemes.segment(word)) {
      const width = columnsOf(segment);
      if (used + width > LINE_COLUMNS) breakLine();
      [line, used] = [line + segment, used + width];
    }
  }
  breakLine();
  return lines.join("\n");
}

function columnsOf(text: string): number {
  let columns = 0;
  for (const character of text) columns += WIDE.test(character) ? 2 : 1;
  return columns;
}
