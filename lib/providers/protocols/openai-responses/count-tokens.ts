import { tokenCount } from "#lib/chat/usage.ts";
import { encodeResponses } from "#lib/providers/protocols/openai-responses/encode.ts";
import type { TokenCountPower } from "#lib/providers/protocols/protocol.ts";
import { field, type JsonObject } from "#lib/shared/json.ts";

/** The fields that count as prompt; the API takes no other. */
const COUNTED_FIELDS = [
  "model",
  "input",
  "instructions",
  "tools",
  "tool_choice",
  "parallel_tool_calls",
  "reasoning",
  "text",
  "truncation",
] as const;

/** Counts the tokens of a prompt: `POST …/responses/input_tokens`. */
export const responsesTokenCount: TokenCountPower = {
  encode(request, engine) {
    const { path, headers, body } = encodeResponses(request, engine, { promptCache: false });
    const counted: JsonObject = {};
    for (const name of COUNTED_FIELDS) if (body[name] !== undefined) counted[name] = body[name];
    return { kind: "json", path: `${path}/input_tokens`, headers, body: counted, isLarge: request.isLarge };
  },
  read: (answer) => tokenCount(field(answer, "input_tokens")),
};
