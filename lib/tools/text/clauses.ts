/**
 * Where one clause may end and another begin: a comma or a semicolon outside of a number, a dash between spaces, the
 * end of a sentence, an "and" (also where it is written together with its neighbours).
 */
const JOINT =
  /([,;:](?!\d)|[、，；。！？!?؟،।\n]|\.(?=\s|$)|\s[-–—]\s|\s(?:and|und|et|y|e|и|ve|और|en)\s|\s(?=و(?:كم|ما|هل|كيف|أين)(?!\p{L}))|と|和|跟)/u;

/** A part of a sentence, and what stands before it, so that the parts joined are the sentence again. */
export type Clause = { joint: string; text: string };

/** The clauses of a text in plain form. A name with an "and" in it is two. Linear. */
export function clausesOf(text: string): Clause[] {
  const pieces = text.split(JOINT);
  return pieces.flatMap((piece, at) => (at % 2 === 0 ? [{ joint: pieces[at - 1] ?? "", text: piece }] : []));
}

/** The text without the clauses that are about something else; what follows one of them has its joint. */
export function withoutClauses(text: string, isOther: (clause: string) => boolean): string {
  return clausesOf(text)
    .filter((clause) => !isOther(clause.text))
    .map((clause, at) => (at === 0 ? clause.text : `${clause.joint}${clause.text}`))
    .join("");
}
