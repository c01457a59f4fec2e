import type { ChatEvent } from "#lib/chat/events.ts";
import type { IssuerToken } from "#lib/chat/request.ts";
import { readUsage, type TokenUsage, tokenCount } from "#lib/chat/usage.ts";
import { EngineFailure } from "#lib/providers/failures/failure.ts";
import { classifyErrorObject } from "#lib/providers/failures/provider-error.ts";
import { argumentText } from "#lib/providers/protocols/argument-text.ts";
import { CallIds } from "#lib/providers/protocols/call-ids.ts";
import { assertToolCalls } from "#lib/providers/protocols/counts.ts";
import { DrawnImages } from "#lib/providers/protocols/drawn-images.ts";
import { latestReason } from "#lib/providers/protocols/finish-reason.ts";
import {
  isBrokenCall,
  isContentFilter,
  reasonAtEnd,
  reasonOf,
} from "#lib/providers/protocols/gemini/finish-reasons.ts";
import { Grounding } from "#lib/providers/protocols/gemini/grounding.ts";
import { isTerminator, PartialArguments } from "#lib/providers/protocols/gemini/partial-arguments.ts";
import type { DecodeContext, Decoder } from "#lib/providers/protocols/protocol.ts";
import { arrayField, field, isJsonObject, parseJson, stringField } from "#lib/shared/json.ts";
import { SurrogateJoiner } from "#lib/shared/text.ts";

type OpenCall = { id: string; name: string; partial: PartialArguments; signature: IssuerToken | undefined };

/** Reads the answers of Gemini's `generateContent`: SSE chunks, one body, or an array of chunks. */
export class GeminiDecoder implements Decoder {
  readonly #context: DecodeContext;
  readonly #text = new SurrogateJoiner();
  readonly #images = new DrawnImages();
  readonly #thinking = new SurrogateJoiner();
  readonly #grounding = new Grounding();
  readonly #ids: CallIds;
  #calls = 0;
  #open: OpenCall | undefined;
  /** The finish reason. Provisional: content that follows takes it back. */
  #native: string | undefined;
  #hasContent = false;
  #usage: TokenUsage | undefined;
  #refusalReason: string | undefined;
  #malformed = 0;

  constructor(context: DecodeContext) {
    this.#context = context;
    this.#ids = new CallIds(context);
  }

  get finished(): boolean {
    return this.#native !== undefined;
  }

  /** The API has no end mark: a stream ends with the body. */
  get done(): boolean {
    return false;
  }

  get usage(): TokenUsage | undefined {
    return this.#usage;
  }

  get refusalReason(): string | undefined {
    return this.#refusalReason;
  }

  get malformed(): number {
    return this.#malformed;
  }

  push(data: string, _event: string | undefined, out: ChatEvent[]): void {
    const parsed = parseJson(data);
    const chunks = Array.isArray(parsed) ? parsed : [parsed];
    for (const chunk of chunks) {
      if (isJsonObject(chunk)) this.#readChunk(chunk, out);
      else this.#malformed++;
    }
  }

  end(out: ChatEvent[]): void {
    // A call whose arguments were still going on is left out.
    const isCut = this.#open !== undefined;
    const thinking = this.#thinking.flush();
    if (thinking !== "") out.push({ type: "reasoning", text: thinking });
    this.#emitText(this.#text.flush(), out);
    const native = this.#native;
    if (native === undefined) return;
    const answer = { hasContent: this.#hasContent || isCut, hasCalls: this.#calls > 0, isCut };
    out.push({ type: "finish", reason: reasonAtEnd(native, answer), native });
  }

  #readChunk(chunk: Record<string, unknown>, out: ChatEvent[]): void {
    this.#readUsage(chunk["usageMetadata"]);
    if (isJsonObject(chunk["error"])) throw new EngineFailure(classifyErrorObject(chunk, this.#context));
    const blocked = stringField(chunk["promptFeedback"], "blockReason");
    if (blocked !== undefined && blocked !== "BLOCK_REASON_UNSPECIFIED") {
      this.#native = "PROHIBITED_CONTENT";
      this.#refusalReason = `The provider blocked the prompt (${blocked}).`;
    }
    const [candidate] = arrayField(chunk, "candidates");
    if (!isJsonObject(candidate)) return;
    for (const part of arrayField(candidate["content"], "parts")) this.#readPart(part, out);
    this.#grounding.read(candidate["groundingMetadata"], out);
    const native = candidate["finishReason"];
    if (typeof native !== "string" || native === "" || native === "FINISH_REASON_UNSPECIFIED") return;
    if (isBrokenCall(native)) {
      throw new EngineFailure({
        kind: "no_answer",
        reason: `The model's answer could not be read (${native}).`,
      });
    }
    this.#native = latestReason(this.#native, native, reasonOf);
    // Successful answers have a finish message too ("Model generated function call(s).").
    if (isContentFilter(native)) {
      this.#refusalReason = stringField(candidate, "finishMessage") ?? this.#refusalReason;
    }
  }

  #noteContent(): void {
    this.#hasContent = true;
    this.#native = undefined;
  }

  #readPart(part: unknown, out: ChatEvent[]): void {
    if (!isJsonObject(part)) return;
    const call = part["functionCall"];
    if (isJsonObject(call)) return this.#readCall(call, this.#signature(part), out);
    const text = part["text"];
    if (typeof text !== "string") return this.#readImage(part, out);
    if (text !== "") {
      this.#closeCall(out);
      this.#noteContent();
    }
    if (part["thought"] === true) {
      const ready = this.#thinking.push(text);
      if (ready !== "") out.push({ type: "reasoning", text: ready });
    } else {
      this.#emitText(this.#text.push(text), out);
    }
    const signature = this.#signature(part);
    if (signature !== undefined) out.push({ type: "reasoning", text: "", signature });
  }

  /** An image among the parts; those that it drew while it thought are not the answer. */
  #readImage(part: Record<string, unknown>, out: ChatEvent[]): void {
    const inline = part["inlineData"];
    if (part["thought"] === true || !isJsonObject(inline)) return;
    const url = this.#images.take(`data:${inline["mimeType"]};base64,${inline["data"]}`);
    if (url === undefined) return;
    this.#closeCall(out);
    this.#noteContent();
    this.#emitText(this.#text.flush(), out);
    out.push({ type: "image", url });
  }

  #emitText(text: string, out: ChatEvent[]): void {
    if (text === "") return;
    this.#grounding.note(text);
    out.push({ type: "text", text });
  }

  #signature(part: Record<string, unknown>): IssuerToken | undefined {
    const value = part["thoughtSignature"];
    return typeof value === "string" && value !== "" ? { issuer: this.#context.issuer, value } : undefined;
  }

  #readCall(call: Record<string, unknown>, signature: IssuerToken | undefined, out: ChatEvent[]): void {
    const name = call["name"];
    if (typeof name === "string" && name !== "") {
      this.#closeCall(out);
      this.#open = {
        id: this.#ids.claim(stringField(call, "id") ?? ""),
        name,
        partial: new PartialArguments(),
        signature,
      };
    }
    const open = this.#open;
    if (open === undefined) return;
    this.#noteContent();
    open.partial.push(call["partialArgs"]);
    const whole = argumentText(call["args"]);
    if (whole.trim() !== "") return this.#emitCall(open, whole, out);
    if (call["willContinue"] !== true || isTerminator(call)) this.#closeCall(out);
  }

  #closeCall(out: ChatEvent[]): void {
    if (this.#open !== undefined) this.#emitCall(this.#open, this.#open.partial.toJson(), out);
  }

  #emitCall(call: OpenCall, args: string, out: ChatEvent[]): void {
    this.#open = undefined;
    const event: ChatEvent & { type: "tool_call" } = {
      type: "tool_call",
      index: this.#calls++,
      id: call.id,
      name: call.name,
      arguments: args,
    };
    assertToolCalls(this.#calls);
    if (call.signature !== undefined) event.signature = call.signature;
    out.push(event);
  }

  /** Cumulative on every chunk. Output is billed with thoughts, which `candidatesTokenCount` leaves out. */
  #readUsage(raw: unknown): void {
    if (!isJsonObject(raw)) return;
    const thoughts = tokenCount(raw["thoughtsTokenCount"]) ?? 0;
    const prompt = tokenCount(raw["promptTokenCount"]);
    const answer = tokenCount(raw["candidatesTokenCount"]);
    const usage = readUsage({
      prompt:
        prompt === undefined
          ? raw["promptTokenCount"]
          : prompt + (tokenCount(raw["toolUsePromptTokenCount"]) ?? 0),
      // While the model only thinks, the count of the answer is absent, not invalid.
      completion:
        answer === undefined && raw["candidatesTokenCount"] !== undefined
          ? undefined
          : (answer ?? 0) + thoughts,
      cached: raw["cachedContentTokenCount"],
      reasoning: thoughts,
      audioPrompt: audioTokens(raw["promptTokensDetails"]),
      audioCompletion: audioTokens(raw["candidatesTokensDetails"]),
    });
    if (usage === undefined || prompt === undefined || usage.source === "estimated") return;
    this.#usage = usage;
  }
}

/** What of a count is sound, by its details. */
function audioTokens(details: unknown): unknown {
  return Array.isArray(details)
    ? field(
        details.find((one) => field(one, "modality") === "AUDIO"),
        "tokenCount",
      )
    : undefined;
}
