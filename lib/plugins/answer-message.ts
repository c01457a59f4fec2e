import { arrayField, field, isJsonObject, stringField } from "#lib/shared/json.ts";

/** What one message of a plugin's answer says; a whole JSON answer is one message. */
export type AnswerMessage = {
  text: string;
  thinking: string;
  /** The answer ends with this message. */
  ended: boolean;
  /** Messages of this kind tell when the answer ends, so an answer without an end has broken off. */
  tellsEnd: boolean;
  /** Why the answer cannot be used any further, for the operator's log. */
  error: string | undefined;
  /** What the text's marks such as `[1]` refer to. */
  citations: readonly string[];
};

/** Where an object may have its text, the most likely first. */
const TEXT_FIELDS = [
  "answer",
  "text",
  "reply",
  "output",
  "response",
  "result",
  "message",
  "content",
  "summary",
];
const MAX_DEPTH = 4;
const MAX_CITATIONS = 20;
const MAX_CITATION = 200;

/**
 * Reads a message in any of the shapes that such servers use: OpenAI's chunks and answers, the events of
 * rag-over-pdf (`{type, value}`) and of this gateway, Ollama's lines, and objects with a text in a usual field.
 */
export function readAnswerMessage(value: unknown): AnswerMessage {
  const type = stringField(value, "type");
  const said = errorOf(value, type);
  const error = said === undefined ? undefined : `The plugin reported: ${said}`;
  const base = {
    text: "",
    thinking: "",
    ended: false,
    tellsEnd: false,
    error,
    citations: citationsOf(value),
  };
  if (error !== undefined) return base;
  const [choice] = arrayField(value, "choices");
  if (Array.isArray(field(value, "choices"))) return { ...base, ...choiceOf(choice), tellsEnd: true };
  if (type !== undefined) return { ...base, ...typedMessage(type, value), tellsEnd: true };
  const done = field(value, "done");
  const ends = typeof done === "boolean" ? { tellsEnd: true, ended: done } : {};
  return { ...base, text: textIn(value), ...ends };
}

/** A choice of OpenAI's: a part of a stream, or a whole message. */
function choiceOf(choice: unknown): Pick<AnswerMessage, "text" | "thinking" | "ended"> {
  const part = field(choice, "delta") ?? field(choice, "message");
  return {
    text: stringField(part, "content") ?? "",
    thinking: stringField(part, "reasoning_content") ?? stringField(part, "reasoning") ?? "",
    ended: typeof field(choice, "finish_reason") === "string",
  };
}

function typedMessage(type: string, value: unknown): Pick<AnswerMessage, "text" | "thinking" | "ended"> {
  const text = ["value", "text", "delta", "content", "token"].flatMap(
    (name) => stringField(value, name) ?? [],
  );
  switch (type) {
    case "token":
    case "text":
    case "delta":
    case "content":
      return { text: text[0] ?? "", thinking: "", ended: false };
    case "thinking":
    case "reasoning":
      return { text: "", thinking: text[0] ?? "", ended: false };
    case "done":
    case "end":
      return { text: "", thinking: "", ended: true };
    default:
      return { text: "", thinking: "", ended: false };
  }
}

function errorOf(value: unknown, type: string | undefined): string | undefined {
  const error = field(value, "error");
  const said = typeof error === "string" ? error : stringField(error, "message");
  if (type === "error") return stringField(value, "message") ?? said ?? "";
  if (said !== undefined && said !== "") return said;
  if (isJsonObject(error)) return "";
  return field(value, "ok") === false || field(value, "success") === false ? "" : undefined;
}

/** The text of a value: itself, of a list, or of an object's first field that has one. */
export function textIn(value: unknown, depth = 0): string {
  if (typeof value === "string") return value;
  if (depth > MAX_DEPTH) return "";
  if (Array.isArray(value)) return value.map((item) => textIn(item, depth + 1)).join("");
  if (!isJsonObject(value)) return "";
  for (const name of TEXT_FIELDS) {
    const text = textIn(value[name], depth + 1);
    if (text.trim() !== "") return text;
  }
  return "";
}

/** The citations of rag-over-pdf, a line each: `[1] report.pdf, p. 3`. */
function citationsOf(value: unknown): string[] {
  return arrayField(value, "citations")
    .slice(0, MAX_CITATIONS)
    .flatMap((citation) => {
      const source = stringField(citation, "source");
      const marker = field(citation, "marker");
      if (source === undefined || typeof marker !== "number") return [];
      const page = field(citation, "page");
      const where = typeof page === "number" ? `, p. ${page}` : "";
      return [`[${marker}] ${source.slice(0, MAX_CITATION)}${where}`];
    });
}
