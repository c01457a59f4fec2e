import { Lexer } from "marked";

/** A fenced block of code whose end has not come: where its code begins, and what line would end it. */
export type OpenFence = { start: number; closer: RegExp };

/** Of a longer fence the text is parsed again and again. */
const MAX_FENCE = 20;

/** The fence that is open at the end of a text, if it stands at the left margin. */
export function openFenceOf(text: string): OpenFence | undefined {
  const last = new Lexer({ gfm: true }).blockTokens(text).at(-1);
  if (last?.type !== "code" || !text.endsWith(last.raw)) return undefined;
  const headLength = last.raw.indexOf("\n") + 1;
  const opener = /^(?:`{3,}|~{3,})/.exec(last.raw)?.[0];
  if (headLength === 0 || opener === undefined || opener.length > MAX_FENCE) return undefined;
  const closer = new RegExp(`^ {0,3}${opener}[~\`]*[ \\t]*$`, "m");
  if (closer.test(last.raw.slice(headLength))) return undefined;
  return { start: text.length - last.raw.length + headLength, closer };
}

/** The code of an open fence, as marked reads it. */
export function codeOfFence(body: string): string {
  if (body === "") return "";
  const code = body.endsWith("\n") ? body.slice(0, -1) : body;
  return code === "" || code.endsWith("\n") ? `${code}\n` : code;
}
