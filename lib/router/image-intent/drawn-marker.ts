/** An image of the conversation: the file that has its bytes, and what it shows. */
export type DrawnImageMark = { id: string; prompt: string };

const PATH = "/api/attachments/";
const QUERY = "?redirect=true";
const MARK =
  /^!\[([^\]\n]{0,2000})\]\(\/api\/attachments\/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\?redirect=true\)/;
/** What would end the image's description, or begin another element of Markdown. */
const SPECIAL = /[[\]\\\n\r<>`]+/g;

/**
 * How a saved answer refers to the image that it drew: an image in Markdown, whose address gives the file to its
 * owner. The bytes are no part of it.
 */
export function drawnMark({ id, prompt }: DrawnImageMark): string {
  const words = prompt.replace(SPECIAL, " ").replace(/ {2,}/g, " ").trim().slice(0, 2_000).toWellFormed();
  return `![${words}](${PATH}${id}${QUERY})`;
}

/** The image that an answer drew; undefined for any other answer. */
export function readDrawnMark(answer: string): DrawnImageMark | undefined {
  const [, prompt, id] = MARK.exec(answer) ?? [];
  return prompt === undefined || id === undefined ? undefined : { id, prompt };
}
