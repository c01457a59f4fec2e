import type { ToolRun } from "#lib/chat/events.ts";
import type { RunOptions } from "#lib/providers/chat/run.ts";
import type { JsonObject } from "#lib/shared/json.ts";

/** A tool that the gateway runs when a model calls it. */
export type RoundTool = {
  /** As the model knows it. */
  name: string;
  /** The MCP server that has it, and its name there; undefined for a tool of the gateway's own. */
  origin: { server: string; tool: string } | undefined;
  needsApproval: boolean;
};

export type RoundCall = { id: string; name: string; input: JsonObject };

/** What came of a call. */
export type RoundReply = { text: string; isError: boolean };

/** What the client has decided about a call that it was asked about. */
export type CallDecision = { id: string; approved: boolean; reason?: string | undefined };

export type ToolRoundLimits = {
  /** Answers of engines, the last one included, in which no tool is called any more. */
  rounds: number;
  /** After this no further tool is called, milliseconds. */
  timeMs: number;
  /** Characters of one result, and of all results together, that go to an engine. */
  resultCharacters: number;
  allCharacters: number;
};

export type ToolRoundsOptions = RunOptions & {
  /** The tools of the request that the gateway runs, by name. Calls of others are the client's. */
  tools: ReadonlyMap<string, RoundTool>;
  /** Runs a call. Must not reject, and end soon after the signal aborts. */
  run(call: RoundCall, signal: AbortSignal): Promise<RoundReply>;
  /** What a tool has said, as the model gets it: marked as data. */
  forModel(text: string, tool: RoundTool): string;
  /** What the reader is told in words of a call that waits for consent; absent where the reader's API has its own way. */
  askInWords?: (run: ToolRun) => string;
  /** About calls of the conversation's messages that have no result yet: they are run before an engine is asked. */
  decisions: readonly CallDecision[];
  limits: ToolRoundLimits;
  /** A random hexadecimal string of this many bytes. */
  randomHex(bytes: number): string;
};
