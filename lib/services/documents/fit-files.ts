import { estimateTextTokens } from "#lib/chat/token-estimate.ts";
import type { AttachedFile } from "#lib/services/documents/attached-file.ts";
import { describeLeftOut } from "#lib/services/documents/left-out.ts";
import { rankPieces } from "#lib/services/documents/rank-pieces.ts";
import { type Piece, splitSections } from "#lib/services/documents/split-sections.ts";

/** The text of a file, as far as there is room for it. */
export type FittedFile = {
  file: AttachedFile;
  text: string;
  /** In sentences. */
  leftOut: string | undefined;
  /** What the text takes, about. */
  tokens: number;
};

/** The share of a file's room that its beginning gets: there is what it is about. */
const BEGINNING = 0.4;
/** Real tokens to estimated ones: the figures and lines of tables are short tokens. */
const PROSE_FACTOR = 1.25;
const TABLE_FACTOR = 1.8;
/** What the label of a piece takes, tokens. */
const LABEL_TOKENS = 10;

type Measured = { file: AttachedFile; pieces: readonly (Piece & { tokens: number })[]; tokens: number };

/**
 * The text of each file within a budget of tokens, in which all share alike: a short file leaves its rest to the
 * others. Of one that is too long: its beginning, and what has the rarest words in common with the message.
 */
export async function fitFiles(
  files: readonly AttachedFile[],
  message: string,
  budget: number,
): Promise<FittedFile[]> {
  const measured = files.map(measure);
  const rooms = shareOut(
    measured.map(({ tokens }) => tokens),
    budget,
  );
  const fitted: FittedFile[] = [];
  for (const [index, one] of measured.entries()) fitted.push(await fitOne(one, message, rooms[index] ?? 0));
  return fitted;
}

function measure(file: AttachedFile): Measured {
  const factor = file.type === "xlsx" ? TABLE_FACTOR : PROSE_FACTOR;
  const pieces = splitSections(file.document?.sections ?? []).map((piece) => ({
    ...piece,
    tokens: estimateTextTokens(piece.text) * factor + LABEL_TOKENS,
  }));
  return { file, pieces, tokens: pieces.reduce((sum, { tokens }) => sum + tokens, 0) };
}

/** Equal shares of a budget, of which nobody gets more than they need. */
function shareOut(needs: readonly number[], budget: number): number[] {
  const shares = needs.map(() => 0);
  const order = needs.map((_, index) => index).sort((a, b) => (needs[a] ?? 0) - (needs[b] ?? 0));
  let left = budget;
  order.forEach((index, place) => {
    const share = Math.min(needs[index] ?? 0, left / (order.length - place));
    shares[index] = share;
    left -= share;
  });
  return shares;
}

async function fitOne(
  { file, pieces, tokens }: Measured,
  message: string,
  room: number,
): Promise<FittedFile> {
  const taken = tokens <= room ? pieces.map(() => true) : await choose(pieces, message, room);
  const sections = file.document?.sections ?? [];
  const included = sections.map(() => 0);
  pieces.forEach(({ section, text }, index) => {
    if (taken[index] === true) included[section] = (included[section] ?? 0) + text.length;
  });
  const shares = sections.map(({ text }, index) => (included[index] ?? 0) / Math.max(1, text.length));
  const used = pieces.reduce((sum, piece, index) => sum + (taken[index] === true ? piece.tokens : 0), 0);
  const leftOut = describeLeftOut(sections, shares);
  return { file, text: joined(file, pieces, taken), leftOut, tokens: used };
}

/** Which pieces are taken: the beginning, then those that the message is about, then what follows the beginning. */
async function choose(pieces: Measured["pieces"], message: string, room: number): Promise<boolean[]> {
  const taken = pieces.map(() => false);
  let left = room;
  const take = (index: number): boolean => {
    const tokens = pieces[index]?.tokens ?? 0;
    if (taken[index] === true) return true;
    if (tokens > left) return false;
    taken[index] = true;
    left -= tokens;
    return true;
  };
  for (let index = 0; index < pieces.length && left > room * (1 - BEGINNING); index++) {
    if (!take(index)) break;
  }
  const scores = await rankPieces(pieces, message);
  const ranked = scores
    .map((score, index) => ({ score, index }))
    .filter(({ score }) => score > 0)
    .sort((a, b) => b.score - a.score || a.index - b.index);
  for (const { index } of ranked) take(index);
  for (let index = 0; index < pieces.length; index++) if (!take(index)) break;
  return taken;
}

/** The pieces that were taken, with the names of their sections and marks where something is missing. */
function joined({ document }: AttachedFile, pieces: readonly Piece[], taken: readonly boolean[]): string {
  let text = "";
  let section = -1;
  pieces.forEach((piece, index) => {
    const isNext = index === 0 || taken[index - 1] === true;
    if (taken[index] !== true) return;
    const isNew = piece.section !== section;
    section = piece.section;
    const label = document?.sections[section]?.label;
    if (!isNext) text += "\n[…]\n";
    if (isNew && label !== undefined) text += `\n--- ${label} ---\n`;
    else if (isNew && text !== "") text += "\n";
    if (!isNext && piece.tableHead !== undefined) text += `${piece.tableHead}\n`;
    text += piece.text;
    if (pieces[index + 1]?.section !== section) text += "\n";
  });
  return taken.at(-1) === false ? `${text}\n[…]` : text;
}
