/** Longer addresses hold data, not a place to go to. */
const MAX_ADDRESS = 2_000;
const ADDRESS = /^(?:https?:\/\/|mailto:)\S/i;
/** What would end the address in Markdown, or the line. */
const UNSAFE = /[\s()<>|]/g;

/** A link in Markdown; only its text if its target is no web or mail address, or is the text itself. */
export function markdownLink(text: string, target: string): string {
  const address = target.trim();
  if (text.trim() === "" || address.length > MAX_ADDRESS || !ADDRESS.test(address)) return text;
  const shown = text.trim().toLowerCase();
  const bare = address.toLowerCase().replace(/^mailto:/, "");
  if (shown === bare || shown === address.toLowerCase() || `${shown}/` === bare) return text;
  return `[${text}](${address.replace(UNSAFE, encodeURIComponent).replace(/[()]/g, (sign) => (sign === "(" ? "%28" : "%29"))})`;
}
