/** How much of a message is read for what it asks, characters: a long text has its ask at an end of it. */
const MAX_WHOLE = 800;
const END = 300;

/** The parts of a message that may ask for something: all of a short one, both ends of a long one. */
export function askParts(message: string): string[] {
  if (message.length <= MAX_WHOLE) return [message];
  // Half a number or a name at the cut would be another one.
  const start = message.slice(0, END).replace(/\S{1,60}$/u, "");
  const end = message.slice(-END).replace(/^\S{1,60}/u, "");
  return [start, end].map((part) => part.toWellFormed());
}

const CODE_MARKS = /```|`[^`\n]{1,80}`|[{}]|;\s*$|<\/?[a-z]+>|\w\(\)|=>|==|<-/im;

/** Whether a text has the marks of a program in it. */
export function looksLikeCode(part: string): boolean {
  return CODE_MARKS.test(part);
}
