/** The API whose client sends the request: Anthropic's clients name the version that they speak. */
export function clientApi({ headers }: Pick<Request, "headers">): "openai" | "anthropic" {
  return headers.has("anthropic-version") ? "anthropic" : "openai";
}
