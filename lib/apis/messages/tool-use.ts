import { packCallId } from "#lib/apis/messages/call-ids.ts";
import type { IssuerToken, NativeFields } from "#lib/chat/request.ts";
import type { JsonObject } from "#lib/shared/json.ts";

/** A call of the model's own, and not of a tool of the provider. */
const DIRECT: JsonObject = { type: "direct" };

/** A call as a block, with the further fields that its engine gave it, if it speaks this API. */
export function toolUseBlock(
  call: {
    id: string;
    name: string;
    signature?: IssuerToken | undefined;
    nativeFields?: NativeFields | undefined;
  },
  input: JsonObject,
): JsonObject {
  const native = call.nativeFields?.dialect === "anthropic" ? call.nativeFields.fields : {};
  return {
    type: "tool_use",
    id: packCallId(call.id, call.signature),
    name: call.name,
    input,
    caller: DIRECT,
    ...native,
  };
}
