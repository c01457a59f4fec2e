/** The secret of an answer that shows it once. */
export function secretOf(answer: unknown): string {
  return typeof answer === "object" && answer !== null && "key" in answer ? String(answer.key) : "";
}
