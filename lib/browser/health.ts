import { stringField } from "#lib/shared/json.ts";

/** Whether the gateway answers from its built-in sandbox, by an answer of `GET /api/health`. */
export function runsOnSandbox(answer: unknown): boolean {
  return stringField(answer, "engines") === "sandbox";
}
