import type { ChatRequest } from "#lib/chat/request.ts";
import { withImageLabels } from "#lib/providers/protocols/fit/image-labels.ts";
import { OPENAI_NAMES, withToolNames } from "#lib/providers/protocols/fit/tool-names.ts";
import type { ToolRestorations } from "#lib/providers/protocols/protocol.ts";

type FittedRequest = { request: ChatRequest; renamed: ToolRestorations; dropped: string[] };

/** The request as the API accepts it. The order of calls and results is put right as the input is written. */
export function fitForResponses(original: ChatRequest): FittedRequest {
  const { request: named, renamed, hasDuplicates } = withToolNames(original, OPENAI_NAMES);
  const messages = withImageLabels(named.messages);
  const request = messages === named.messages ? named : { ...named, messages: [...messages] };
  return { request, renamed, dropped: hasDuplicates ? ["tools"] : [] };
}
