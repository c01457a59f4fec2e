import { z } from "zod";
import { parseJson } from "#lib/shared/json.ts";

const count = z.number().int().nonnegative();

/**
 * The native stream, one schema per event. Only this file writes and reads its frames. Clients ignore unknown
 * types and fields, so the protocol can grow.
 */
const eventSchemas = [
  z.object({ type: z.literal("session"), id: z.string(), title: z.string().optional() }),
  z.object({
    type: z.literal("auto_routed"),
    to: z.string(),
    label: z.string(),
    reason: z.string().optional(),
  }),
  /** An engine was tried and did not answer, or not completely. */
  z.object({
    type: z.literal("attempt"),
    engine: z.string(),
    outcome: z.string(),
    /** Milliseconds from the call to its end. */
    latencyMs: count.optional(),
  }),
  /** The engine whose answer follows. */
  z.object({ type: z.literal("backend"), label: z.string(), provider: z.string(), model: z.string() }),
  z.object({ type: z.literal("thinking"), text: z.string() }),
  z.object({ type: z.literal("token"), text: z.string() }),
  z.object({
    type: z.literal("tool"),
    name: z.string(),
    status: z.string(),
    detail: z.string().optional(),
    /** Of a call by the model: the same when it begins and when it has ended. */
    id: z.string().optional(),
    /** The MCP server that has the tool. */
    plugin: z.string().optional(),
    /** JSON text, which may be cut. */
    arguments: z.string().optional(),
    /** What the model was told, which may be cut. */
    result: z.string().optional(),
  }),
  /** The model wants to call a tool that needs the user's consent. The answer ends here until that is given. */
  z.object({
    type: z.literal("approval"),
    id: z.string(),
    plugin: z.string(),
    tool: z.string(),
    /** JSON text, whole. */
    arguments: z.string(),
  }),
  z.object({ type: z.literal("image"), url: z.string(), source: z.string().optional() }),
  z.object({
    type: z.literal("sources"),
    sources: z.array(
      z.object({
        title: z.string().optional(),
        uri: z.string(),
        /** The passages of the answer that it supports, by offsets in UTF-16 units. */
        cited: z.array(z.object({ start: count, end: count })).optional(),
      }),
    ),
  }),
  z.object({
    type: z.literal("usage"),
    backend: z.string().optional(),
    promptTokens: count.optional(),
    completionTokens: count.optional(),
    cachedTokens: count.optional(),
    cacheHit: z.boolean().optional(),
    /** Absent if the engine bills at an unknown price. */
    costUsd: z.number().nonnegative().optional(),
  }),
  /** `usage` counts the turns used today in the mode `model`. */
  z.object({ type: z.literal("done"), usage: count, model: z.string(), tokensOut: count }),
  z.object({
    type: z.literal("error"),
    message: z.string(),
    code: z.string(),
    /** Whether the same request may succeed when it is sent again. */
    retryable: z.boolean().optional(),
    /** Why an answer that broke off was not continued. */
    reason: z.string().optional(),
    /** Seconds. */
    retryAfter: z.number().optional(),
  }),
] as const;

/** Any event of the native stream. */
export const nativeEventSchema = z.discriminatedUnion("type", eventSchemas);

export type NativeEvent = z.infer<typeof nativeEventSchema>;
export type UsageEvent = Extract<NativeEvent, { type: "usage" }>;

/** One SSE frame. JSON has no raw line breaks, so any text makes exactly one frame. */
export function serializeEvent(event: NativeEvent): string {
  // Nearly all events of a stream are tokens, and these two fields are all that they have.
  if (event.type === "token") return `data: {"type":"token","text":${JSON.stringify(event.text)}}\n\n`;
  return `data: ${JSON.stringify(event)}\n\n`;
}

/** The frames of a batch as one string. */
export function serializeEvents(events: readonly NativeEvent[]): string {
  let frames = "";
  for (const event of events) frames += serializeEvent(event);
  return frames;
}

/** The event in a frame's data; undefined for an unknown type or a malformed event. */
export function parseEvent(data: string): NativeEvent | undefined {
  const parsed = nativeEventSchema.safeParse(parseJson(data));
  return parsed.success ? parsed.data : undefined;
}

/** The usage that a finished stream reported, if any. */
export function readUsageEvent(events: readonly NativeEvent[]): UsageEvent | undefined {
  return events.findLast((event) => event.type === "usage");
}
