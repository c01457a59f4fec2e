import type { ChatRequest } from "#lib/chat/request.ts";
import { withImageLabels } from "#lib/providers/protocols/fit/image-labels.ts";
import { RESPONSES_IDS } from "#lib/providers/protocols/fit/tool-ids.ts";
import { OPENAI_NAMES, withToolNames } from "#lib/providers/protocols/fit/tool-names.ts";
import { withToolTurns } from "#lib/providers/protocols/fit/tool-turns.ts";
import type { ToolRestorations } from "#lib/providers/protocols/protocol.ts";

type FittedRequest = { request: ChatRequest; renamed: ToolRestorations; dropped: string[] };

/** The request as the API accepts it. */
export function fitForResponses(original: ChatRequest): FittedRequest {
  const { request: named, renamed, hasDuplicates } = withToolNames(original, OPENAI_NAMES);
  const messages = withToolTurns(withImageLabels(named.messages), RESPONSES_IDS);
  const request = messages === named.messages ? named : { ...named, messages: [...messages] };
  return { request, renamed, dropped: hasDuplicates ? ["tools"] : [] };
}
