import { field, isJsonObject } from "#lib/shared/json.ts";

/**
 * Whether the chunk is an error inside a 200, in any of the places where providers put it. Copies Groq's to
 * `error`, where it is read.
 */
export function isErrorChunk(chunk: unknown): boolean {
  if (Array.isArray(chunk)) return chunk.some((item) => !Array.isArray(item) && isErrorChunk(item));
  if (!isJsonObject(chunk)) return false;
  const { error } = chunk;
  if (isJsonObject(error) || (typeof error === "string" && error !== "")) return true;
  const groq = field(chunk["x_groq"], "error");
  if (typeof groq === "string" && groq !== "") {
    chunk["error"] = groq;
    return true;
  }
  if (Array.isArray(chunk["choices"])) return false;
  return chunk["object"] === "error" || chunk["type"] === "error" || typeof chunk["status_code"] === "number";
}
