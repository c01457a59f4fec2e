import { readUsage, type TokenUsage } from "#lib/chat/usage.ts";
import { EngineFailure } from "#lib/providers/failures/failure.ts";
import { isContentFilter } from "#lib/providers/protocols/gemini/finish-reasons.ts";
import { geminiVoice, voiceFor } from "#lib/providers/protocols/gemini/voices.ts";
import type { SpeakPower, SpokenAnswer } from "#lib/providers/protocols/speak-power.ts";
import { decodeBase64, isBase64 } from "#lib/shared/base64.ts";
import { arrayField, field, isJsonObject, type JsonObject, stringField } from "#lib/shared/json.ts";
import type { SpeechLanguage } from "#lib/shared/text-language.ts";

/** The longest text of a call, bytes: beyond it voices begin to drift. Source: docs/PROVIDERS.md. */
const MAX_TEXT_BYTES = 3_000;

const LOCALES: Readonly<Record<SpeechLanguage, string>> = {
  en: "en-US",
  es: "es-ES",
  fr: "fr-FR",
  zh: "cmn-CN",
  ja: "ja-JP",
  ko: "ko-KR",
};

/** Models before 3.8 know no style beside the text: it stands before it. */
const TAKES_STYLE_IN_TEXT = /^gemini-(?:2|3\.[0-7])/;

/** `models/…:generateContent` of the models that speak. */
export const geminiSpeech: SpeakPower = {
  abilities: () => ({ maxTextBytes: MAX_TEXT_BYTES, formats: [], takesSpeed: false }),
  hasVoice: (name) => geminiVoice(name) !== undefined,

  encode({ text, language, voice, instructions }, engine) {
    const part: JsonObject = { text };
    if (instructions !== undefined) {
      if (TAKES_STYLE_IN_TEXT.test(engine.model)) part["text"] = `${instructions}:\n${text}`;
      else part["speech_metadata"] = { style: instructions };
    }
    const generationConfig = {
      responseModalities: ["AUDIO"],
      speechConfig: {
        voiceConfig: { prebuiltVoiceConfig: { voiceName: voiceFor(voice) } },
        languageCode: LOCALES[language],
      },
    };
    return {
      request: {
        kind: "json",
        path: `/v1beta/models/${encodeURIComponent(engine.model)}:generateContent`,
        headers: engine.headers,
        body: { contents: [{ role: "user", parts: [part] }], generationConfig },
      },
      dropped: [],
    };
  },

  decode(answer) {
    if (answer.kind === "bytes") return undefined;
    assertNotBlocked(answer.body);
    const [candidate] = arrayField(answer.body, "candidates");
    if (!isJsonObject(candidate)) return undefined;
    assertComplete(candidate);
    return spoken(candidate, usageOf(answer.body));
  },
};

function assertNotBlocked(body: unknown): void {
  const blocked = stringField(field(body, "promptFeedback"), "blockReason");
  if (blocked === undefined || blocked === "BLOCK_REASON_UNSPECIFIED") return;
  throw declined(`The provider blocked the text (${blocked}).`);
}

/** Speech that ends before the text does is none. */
function assertComplete(candidate: Record<string, unknown>): void {
  const native = stringField(candidate, "finishReason") ?? "STOP";
  if (native === "STOP" || native === "FINISH_REASON_UNSPECIFIED") return;
  if (isContentFilter(native)) {
    throw declined(stringField(candidate, "finishMessage") ?? `The provider declines the text (${native}).`);
  }
  const reason = `The speech is not complete (${native}).`;
  throw new EngineFailure({ kind: native === "MAX_TOKENS" ? "truncated" : "no_answer", reason });
}

function declined(reason: string): EngineFailure {
  return new EngineFailure({ kind: "content_policy", reason });
}

/** The sound may come in several parts. */
function spoken(candidate: Record<string, unknown>, usage: TokenUsage | undefined): SpokenAnswer | undefined {
  const pieces: Buffer[] = [];
  let mediaType = "";
  for (const part of arrayField(candidate["content"], "parts")) {
    const inline = field(part, "inlineData");
    const data = stringField(inline, "data");
    if (data === undefined || data === "") continue;
    if (!isBase64(data)) return undefined;
    pieces.push(decodeBase64(data));
    mediaType ||= stringField(inline, "mimeType") ?? "";
  }
  return {
    bytes: pieces.length === 1 ? (pieces[0] ?? Buffer.alloc(0)) : Buffer.concat(pieces),
    mediaType,
    usage,
  };
}

function usageOf(body: unknown): TokenUsage | undefined {
  const usage = field(body, "usageMetadata");
  const completion = field(usage, "candidatesTokenCount");
  // All that such a model writes is sound.
  return readUsage({ prompt: field(usage, "promptTokenCount"), completion, audioCompletion: completion });
}
