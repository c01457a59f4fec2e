import type { ChatEvent, FinishReason, Source } from "#lib/chat/events.ts";
import type { IssuerToken } from "#lib/chat/request.ts";
import type { TokenUsage } from "#lib/chat/usage.ts";
import { EngineFailure, type Failure } from "#lib/providers/failures/failure.ts";
import { PROTOCOLS } from "#lib/providers/protocols/index.ts";
import type { Decoder } from "#lib/providers/protocols/protocol.ts";
import type { ProtocolId } from "#lib/providers/vendors/provider.ts";

export type ToolCallRead = {
  id: string;
  name: string;
  arguments: string;
  custom?: boolean;
  signature?: IssuerToken;
};

/** One answer, folded: what a client would have at the end. */
export type Answer = {
  text: string;
  reasoning: string;
  refusal: string;
  toolCalls: ToolCallRead[];
  sources: Source[];
  signatures: IssuerToken[];
  finish: { reason: FinishReason; native: string } | undefined;
  usage: TokenUsage | undefined;
  failure: Failure | undefined;
  malformed: number;
};

/** Ids that the decoder mints are `minted-1`, `minted-2` … */
export function newDecoder(
  protocol: ProtocolId,
  issuer = "tested",
  isUsedId: (id: string) => boolean = () => false,
): Decoder {
  let minted = 0;
  return PROTOCOLS[protocol].chat.createDecoder({
    header: () => undefined,
    wallNow: Date.parse("2026-11-22T12:00:00Z"),
    secrets: [],
    newId: () => `minted-${++minted}`,
    isUsedId,
    issuer,
    trustsCost: true,
  });
}

/** Folds the events of the first alternative, and fails on sequences that no client could read. */
export function foldEvents(events: readonly ChatEvent[]): Omit<Answer, "usage" | "failure" | "malformed"> {
  const answer = { text: "", reasoning: "", refusal: "" };
  const toolCalls: ToolCallRead[] = [];
  const sources: Source[] = [];
  const signatures: IssuerToken[] = [];
  let finish: Answer["finish"];
  for (const event of events) {
    if (finish !== undefined) throw new Error(`An event came after the finish: ${JSON.stringify(event)}`);
    if ("choice" in event && event.choice !== undefined && event.choice !== 0) continue;
    switch (event.type) {
      case "text":
      case "refusal":
        answer[event.type] += event.text;
        break;
      case "reasoning":
        answer.reasoning += event.text;
        if (event.signature !== undefined) signatures.push(event.signature);
        break;
      case "tool_call":
        foldToolCall(toolCalls, event);
        if (event.signature !== undefined) signatures.push(event.signature);
        break;
      case "sources":
        sources.push(...event.sources);
        break;
      case "finish":
        finish = { reason: event.reason, native: event.native };
    }
  }
  return { ...answer, toolCalls, sources, signatures, finish };
}

function foldToolCall(calls: ToolCallRead[], event: ChatEvent & { type: "tool_call" }): void {
  const known = calls[event.index];
  if (known !== undefined) {
    if (event.id !== undefined || event.name !== undefined) throw new Error("A call was begun twice.");
    known.arguments += event.arguments;
    return;
  }
  const { id, name } = event;
  if (event.index !== calls.length || id === undefined || id === "" || name === undefined || name === "") {
    throw new Error(`A call began without its place, id or name: ${JSON.stringify(event)}`);
  }
  const call: ToolCallRead = { id, name, arguments: event.arguments };
  if (event.custom !== undefined) call.custom = event.custom;
  if (event.signature !== undefined) call.signature = event.signature;
  calls.push(call);
}

/** Feeds messages to a fresh decoder and folds what comes out; a failure ends the reading. */
export function replay(
  protocol: ProtocolId,
  messages: readonly { event?: string | undefined; data: string }[],
  issuer?: string,
): Answer {
  const decoder = newDecoder(protocol, issuer);
  const events: ChatEvent[] = [];
  let failure: Failure | undefined;
  try {
    for (const { data, event } of messages) decoder.push(data, event, events);
    decoder.end(events);
  } catch (error) {
    if (!(error instanceof EngineFailure)) throw error;
    failure = error.failure;
  }
  return { ...foldEvents(events), usage: decoder.usage, failure, malformed: decoder.malformed };
}

/** Frames of objects as a stream would carry them. */
export function frames(...payloads: unknown[]): { data: string }[] {
  return payloads.map((payload) => ({
    data: typeof payload === "string" ? payload : JSON.stringify(payload),
  }));
}
