import { isStreaming, type Script } from "./fake-upstream.ts";

/** A block of an Anthropic answer; the pieces in which its text or its input is streamed. */
export type SaidBlock =
  | { type: "text"; pieces: readonly string[] }
  | { type: "thinking"; pieces: readonly string[]; signature: string }
  | { type: "redacted_thinking"; data: string }
  | { type: "tool_use"; id: string; name: string; pieces: readonly string[] };

const USAGE = {
  input_tokens: 6,
  cache_read_input_tokens: 30,
  cache_creation_input_tokens: 4,
  output_tokens: 5,
};

/** A script that answers as Anthropic's API does, streamed or whole. */
export function saysAnthropic(blocks: readonly SaidBlock[], stop = "end_turn"): Script {
  return async (exchange) => {
    const message = { id: "msg_upstream", type: "message", role: "assistant", model: "claude", usage: USAGE };
    if (!isStreaming(exchange.request)) {
      await exchange.json(200, {
        ...message,
        content: blocks.map(wholeBlock),
        stop_reason: stop,
        stop_sequence: null,
      });
      return;
    }
    await exchange.startStream();
    const event = (body: { type: string }) =>
      exchange.chunk(`event: ${body.type}\ndata: ${JSON.stringify(body)}\n\n`);
    await event({ type: "message_start", ...{ message: { ...message, content: [] } } });
    for (const [index, block] of blocks.entries()) {
      await event({ type: "content_block_start", ...{ index, content_block: emptyBlock(block) } });
      for (const delta of deltas(block)) await event({ type: "content_block_delta", ...{ index, delta } });
      await event({ type: "content_block_stop", ...{ index } });
    }
    await event({
      type: "message_delta",
      ...{ delta: { stop_reason: stop, stop_sequence: null }, usage: USAGE },
    });
    await event({ type: "message_stop" });
    await exchange.endStream();
  };
}

/** The block as a client gets it whole, and sends it back. */
export function wholeBlock(block: SaidBlock): unknown {
  switch (block.type) {
    case "text":
      return { type: "text", text: block.pieces.join("") };
    case "thinking":
      return { type: "thinking", thinking: block.pieces.join(""), signature: block.signature };
    case "redacted_thinking":
      return block;
    case "tool_use":
      return {
        type: "tool_use",
        id: block.id,
        name: block.name,
        input: JSON.parse(block.pieces.join("")) as unknown,
        caller: { type: "direct" },
      };
  }
}

function emptyBlock(block: SaidBlock): unknown {
  switch (block.type) {
    case "text":
      return { type: "text", text: "" };
    case "thinking":
      return { type: "thinking", thinking: "", signature: "" };
    case "redacted_thinking":
      return block;
    case "tool_use":
      return { type: "tool_use", id: block.id, name: block.name, input: {}, caller: { type: "direct" } };
  }
}

function deltas(block: SaidBlock): unknown[] {
  switch (block.type) {
    case "text":
      return block.pieces.map((text) => ({ type: "text_delta", text }));
    case "thinking":
      return [
        ...block.pieces.map((thinking) => ({ type: "thinking_delta", thinking })),
        { type: "signature_delta", signature: block.signature },
      ];
    case "redacted_thinking":
      return [];
    case "tool_use":
      return block.pieces.map((partial_json) => ({ type: "input_json_delta", partial_json }));
  }
}
