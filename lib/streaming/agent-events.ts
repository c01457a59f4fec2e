import { z } from "zod";

const count = z.number().int().nonnegative();
/** Of a step, from 0. */
const index = count;

/**
 * The stream of an agent's run, one schema per event. `done` or `error` is the last one. Clients ignore unknown types
 * and fields, so the protocol can grow.
 */
export const agentEventSchema = z.discriminatedUnion("type", [
  /** Something that was asked for is not there: an MCP server, a tool that needs consent. The run goes on without. */
  z.object({ type: z.literal("notice"), message: z.string() }),
  /** A step of the plan. All come before the first one begins. */
  z.object({ type: z.literal("step"), index, title: z.string() }),
  /** A piece of a step's text; `index` is null while the summary is written. */
  z.object({ type: z.literal("token"), index: index.nullable(), text: z.string() }),
  /** The engine that writes a step, or the summary; it may change within one. */
  z.object({
    type: z.literal("backend"),
    index: index.nullable(),
    label: z.string(),
    provider: z.string(),
    model: z.string(),
  }),
  /** A call of a tool in a step: the same `id` when it begins and when it has ended. */
  z.object({
    type: z.literal("tool"),
    index,
    id: z.string(),
    name: z.string(),
    status: z.string(),
    /** The MCP server that has the tool. */
    plugin: z.string().optional(),
    /** JSON text, which may be cut. */
    arguments: z.string().optional(),
    /** What the model was told, which may be cut. */
    result: z.string().optional(),
  }),
  /** A step has ended. With `error` it has failed, `output` is empty, and the run goes on. */
  z.object({
    type: z.literal("step_done"),
    index,
    output: z.string(),
    error: z.object({ code: z.string(), message: z.string() }).optional(),
  }),
  /** Of all calls of the run, just before its end; absent if nothing was used. */
  z.object({
    type: z.literal("usage"),
    promptTokens: count,
    completionTokens: count,
    cachedTokens: count,
    /** Absent if an engine bills at an unknown price. */
    costUsd: z.number().nonnegative().optional(),
  }),
  z.object({ type: z.literal("done"), summary: z.string() }),
  z.object({
    type: z.literal("error"),
    message: z.string(),
    code: z.string(),
    /** Whether the same request may succeed when it is sent again. */
    retryable: z.boolean().optional(),
    /** Seconds. */
    retryAfter: z.number().optional(),
  }),
]);

export type AgentEvent = z.infer<typeof agentEventSchema>;

/** The frames of a batch as one string. JSON has no raw line breaks, so any text makes exactly one frame. */
export function serializeAgentEvents(events: readonly AgentEvent[]): string {
  return events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join("");
}
