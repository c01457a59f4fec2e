import { callApi, type FetchLike, fetchFile } from "#lib/browser/api.ts";
import { stringField } from "#lib/shared/json.ts";
import type { SpeechLanguage } from "#lib/shared/text-language.ts";

type SpeechCall = { signal: AbortSignal; fetch?: FetchLike };

/** A text as a sound. Throws an `ApiError` as `fetchFile` does. */
export function speak(text: string, language: SpeechLanguage, call: SpeechCall): Promise<Blob> {
  return fetchFile("/api/v1/tts", { method: "POST", body: { text, language }, ...call });
}

/** The words of a recording; empty if nobody spoke. Throws an `ApiError` as `callApi` does. */
export async function transcribe(recording: Blob, call: SpeechCall): Promise<string> {
  const form = new FormData();
  form.append("file", recording, "recording");
  return (stringField(await callApi("/api/v1/stt", { method: "POST", form, ...call }), "text") ?? "").trim();
}

/** What browsers record that the gateway reads, the smallest first. */
const RECORDED_TYPES = [
  "audio/webm;codecs=opus",
  "audio/ogg;codecs=opus",
  "audio/mp4",
  "audio/webm",
] as const;

/** The first type that this browser records. */
export function recordedType(isSupported: (type: string) => boolean): string | undefined {
  return RECORDED_TYPES.find(isSupported);
}
