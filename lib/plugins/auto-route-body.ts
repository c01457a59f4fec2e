import type { AutoRoute } from "#lib/plugins/plugin.ts";
import type { RequestBody } from "#lib/providers/protocols/engine-request.ts";
import { parseDataUrl } from "#lib/shared/data-url.ts";

/** A message for a plugin, with the conversation before it, the oldest message first. */
export type PluginQuestion = {
  message: string;
  history: readonly { role: "user" | "assistant"; content: string }[];
  /** A `data:` URL. */
  image: string | undefined;
};

/** The workflow of agent-orchestrator that takes a topic (`apps/api/examples/research-swarm`). */
export const RESEARCH_GRAPH = "research-swarm";
/** Earlier messages that are handed on, and their characters. */
const MAX_HISTORY = 20;
const MAX_HISTORY_CHARACTERS = 50_000;

/** The body in which a plugin's path takes a message; undefined if it needs what the message does not have. */
export function autoRouteBody(
  request: AutoRoute["request"],
  { message, history, image }: PluginQuestion,
): RequestBody | undefined {
  switch (request) {
    case "question":
      return { kind: "json", body: { question: message } };
    case "conversation": {
      const messages = [...recent(history), { role: "user", content: message }];
      return { kind: "json", body: { model: "auto", messages, stream: true } };
    }
    case "workflow":
      return { kind: "json", body: { graph: RESEARCH_GRAPH, input: { topic: message } } };
    case "image": {
      const parsed = image === undefined ? undefined : parseDataUrl(image);
      if (parsed === undefined) return undefined;
      const { mediaType, base64 } = parsed;
      const fileName = `image.${mediaType.replace(/^.*\//, "").replace("jpeg", "jpg")}`;
      const bytes = Buffer.from(base64, "base64");
      return { kind: "multipart", parts: [{ name: "file", fileName, contentType: mediaType, bytes }] };
    }
  }
}

/** The newest messages that fit. */
function recent(history: PluginQuestion["history"]): { role: string; content: string }[] {
  let characters = 0;
  const newest = history.slice(-MAX_HISTORY);
  const first = newest.findLastIndex(({ content }) => {
    characters += content.length;
    return characters > MAX_HISTORY_CHARACTERS;
  });
  return newest.slice(first + 1).map(({ role, content }) => ({ role, content }));
}
