import type { ChatRequest } from "#lib/chat/request.ts";
import type { Engine } from "#lib/providers/registry.ts";

/** Anthropic's beta features with which a model writes more than usual. */
const LONG_OUTPUT_BETA = "output-128k";

/**
 * The request with an output cap that the engine takes: the client's, or the engine's known ceiling if that is
 * lower. The same object if nothing has to be lowered.
 */
export function withinCeiling(request: ChatRequest, { maxOutputTokens: ceiling }: Engine): ChatRequest {
  const { maxOutputTokens: cap, extra } = request;
  if (ceiling === undefined || cap === undefined || cap <= ceiling) return request;
  if (extra?.betas?.includes(LONG_OUTPUT_BETA) === true) return request;
  return { ...request, maxOutputTokens: ceiling };
}
