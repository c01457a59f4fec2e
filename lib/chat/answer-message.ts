import type { AnswerChoice, AnswerPart } from "#lib/chat/answer.ts";
import type { AssistantMessage, AssistantPart } from "#lib/chat/request.ts";

/** What a model wrote, as a message of the conversation that goes on. */
export function answerMessage({ parts }: AnswerChoice): AssistantMessage {
  // Engines take images from users alone.
  return { role: "assistant", parts: parts.filter((part) => part.type !== "image").map(messagePart) };
}

function messagePart(part: Exclude<AnswerPart, { type: "image" }>): AssistantPart {
  switch (part.type) {
    case "text":
      return part.phase === undefined
        ? { type: "text", text: part.text }
        : { type: "text", text: part.text, phase: part.phase };
    case "refusal":
      return part;
    case "reasoning":
      return part.token === undefined
        ? { type: "reasoning", text: part.text }
        : { type: "reasoning", text: part.text, signature: part.token };
    case "tool_call": {
      const { id, name, arguments: args, custom, signature, nativeFields } = part.call;
      return {
        type: "tool_call",
        id,
        name,
        arguments: args,
        ...(custom ? { custom } : {}),
        ...(signature === undefined ? {} : { signature }),
        ...(nativeFields === undefined ? {} : { native: nativeFields }),
      };
    }
    case "opaque":
      return { type: "opaque", dialect: part.dialect, value: part.value };
  }
}
