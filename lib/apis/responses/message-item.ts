import type { EventFrames } from "#lib/apis/responses/event-frames.ts";
import {
  type ItemPlace,
  type ItemStatus,
  type OutputItem,
  placeFields,
} from "#lib/apis/responses/output-item.ts";
import type { Source } from "#lib/chat/events.ts";
import {
  arrayField,
  field,
  isJsonObject,
  type JsonObject,
  type JsonValue,
  stringField,
} from "#lib/shared/json.ts";

type TextPart = { type: "output_text"; text: string; annotations: JsonObject[]; logprobs: JsonObject[] };
type RefusalPart = { type: "refusal"; text: string };
type Part = TextPart | RefusalPart;

/** An assistant message, with parts of text and of refusals. */
export class MessageItem implements OutputItem {
  readonly isComplete = true;
  readonly #frames: EventFrames;
  readonly #place: ItemPlace;
  readonly #parts: Part[] = [];
  #begun = false;
  /** Index of the part that is open. */
  #open = 0;
  /** Writes the next piece of the part that is open. */
  #writeDelta: (delta: string) => string = () => "";

  readonly #phase: string;

  /** @param phase the phase of the turn, if the engine tells it; else "". */
  constructor(frames: EventFrames, place: ItemPlace, phase = "") {
    this.#frames = frames;
    this.#place = place;
    this.#phase = phase;
  }

  pushText(text: string, logprobs: JsonValue | undefined): string {
    const last = this.#parts.at(-1);
    if (last?.type !== "output_text") {
      const part: TextPart = { type: "output_text", text: "", annotations: [], logprobs: [] };
      return this.#add(part) + this.pushText(text, logprobs);
    }
    last.text += text;
    if (logprobs === undefined) return this.#begun ? this.#writeDelta(text) : "";
    const tokens = readLogprobs(logprobs);
    for (const token of tokens) last.logprobs.push(token);
    return this.#begun ? this.#event("response.output_text.delta", { delta: text, logprobs: tokens }) : "";
  }

  pushRefusal(text: string): string {
    const last = this.#parts.at(-1);
    if (last?.type !== "refusal") return this.#add({ type: "refusal", text: "" }) + this.pushRefusal(text);
    last.text += text;
    return this.#begun ? this.#writeDelta(text) : "";
  }

  /** Whether the last part is text, which can have sources. */
  get takesSources(): boolean {
    return this.#parts.at(-1)?.type === "output_text";
  }

  pushSources(sources: readonly Source[]): string {
    const last = this.#parts.at(-1);
    if (last?.type !== "output_text") return "";
    let written = "";
    for (const source of sources) {
      const annotation = toAnnotation(source);
      last.annotations.push(annotation);
      if (this.#begun) written += this.#annotationEvent(annotation, last.annotations.length - 1);
    }
    return written;
  }

  begin(): string {
    this.#begun = true;
    let written = this.#frames.event("response.output_item.added", {
      output_index: this.#place.outputIndex,
      item: { ...this.#head("in_progress"), content: [] },
    });
    this.#parts.forEach((part, index) => {
      if (index > 0) written += this.#closePart(index - 1);
      written += this.#openPart(index) + this.#replay(part);
    });
    return written;
  }

  end(status: ItemStatus): string {
    const closed = this.#parts.length > 0 ? this.#closePart(this.#parts.length - 1) : "";
    const done = this.#frames.event("response.output_item.done", {
      output_index: this.#place.outputIndex,
      item: this.value(status),
    });
    return closed + done;
  }

  value(status: ItemStatus): JsonObject {
    return { ...this.#head(status), content: this.#parts.map(toContent) };
  }

  #head(status: ItemStatus): JsonObject {
    const head: JsonObject = { id: this.#place.id, type: "message", status, role: "assistant" };
    return this.#phase === "" ? head : { ...head, phase: this.#phase };
  }

  #add(part: Part): string {
    const index = this.#parts.push(part) - 1;
    if (!this.#begun) return "";
    return (index > 0 ? this.#closePart(index - 1) : "") + this.#openPart(index);
  }

  #openPart(index: number): string {
    const part = this.#parts[index];
    if (part === undefined) return "";
    this.#open = index;
    const place = { ...placeFields(this.#place), content_index: index };
    const isText = part.type === "output_text";
    this.#writeDelta = isText
      ? this.#frames.deltas("response.output_text.delta", { ...place, logprobs: [] })
      : this.#frames.deltas("response.refusal.delta", place);
    const empty: Part = isText ? { ...part, text: "", annotations: [], logprobs: [] } : { ...part, text: "" };
    return this.#frames.event("response.content_part.added", { ...place, part: toContent(empty) });
  }

  /** Writes what the part received before the item began. */
  #replay(part: Part): string {
    if (part.type === "refusal") return this.#writeDelta(part.text);
    const { text, annotations, logprobs } = part;
    const written =
      logprobs.length === 0
        ? this.#writeDelta(text)
        : this.#event("response.output_text.delta", { delta: text, logprobs });
    return (
      written + annotations.map((annotation, index) => this.#annotationEvent(annotation, index)).join("")
    );
  }

  #closePart(index: number): string {
    const part = this.#parts[index];
    if (part === undefined) return "";
    const place = { ...placeFields(this.#place), content_index: index };
    const done =
      part.type === "output_text"
        ? this.#frames.event("response.output_text.done", {
            ...place,
            text: part.text,
            logprobs: part.logprobs,
          })
        : this.#frames.event("response.refusal.done", { ...place, refusal: part.text });
    return done + this.#frames.event("response.content_part.done", { ...place, part: toContent(part) });
  }

  #annotationEvent(annotation: JsonObject, index: number): string {
    return this.#event("response.output_text.annotation.added", { annotation_index: index, annotation });
  }

  /** An event of the part that is open. */
  #event(type: string, fields: JsonObject): string {
    return this.#frames.event(type, { ...placeFields(this.#place), content_index: this.#open, ...fields });
  }
}

function toContent(part: Part): JsonObject {
  return part.type === "refusal" ? { type: "refusal", refusal: part.text } : { ...part };
}

function toAnnotation({ uri, title = "" }: Source): JsonObject {
  return { type: "url_citation", url: uri, title, start_index: 0, end_index: 0 };
}

/** The tokens of a piece of text, each with the fields that clients require. */
function readLogprobs(logprobs: JsonValue): JsonObject[] {
  return arrayField(logprobs, "content").map((token) => ({
    ...readToken(token),
    top_logprobs: arrayField(token, "top_logprobs").map(readToken),
  }));
}

function readToken(token: unknown): JsonObject {
  const logprob = field(token, "logprob");
  const bytes = isJsonObject(token) ? token["bytes"] : undefined;
  return {
    token: stringField(token, "token") ?? "",
    bytes: Array.isArray(bytes) ? (bytes as JsonValue[]) : [],
    logprob: typeof logprob === "number" ? logprob : 0,
  };
}
