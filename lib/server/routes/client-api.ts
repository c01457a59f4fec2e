/** Whether a client of Anthropic's API sends the request: they name the version that they speak. */
export function isAnthropicClient({ headers }: Pick<Request, "headers">): boolean {
  return headers.has("anthropic-version");
}

/** The API whose client sends the request, and in whose shape it expects errors. */
export function clientApi(request: Pick<Request, "headers">): "openai" | "anthropic" {
  return isAnthropicClient(request) ? "anthropic" : "openai";
}
