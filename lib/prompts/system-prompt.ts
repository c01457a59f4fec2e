import type { ModeId } from "#lib/ai-models.ts";
import type { SystemMessage } from "#lib/chat/request.ts";
import { untrustedNotice, wrapUntrusted } from "#lib/prompts/sanitize.ts";

export const TONES = ["professional", "formal", "friendly", "concise"] as const;
export type Tone = (typeof TONES)[number];

const IDENTITY =
  "You are a helpful assistant. Answer in the language of the user. Be correct first, then clear, then brief. " +
  "Say so when you do not know, and do not invent sources, figures or quotations. Use Markdown where it helps.";

const MODE_LINES: Record<ModeId, string> = {
  smart: "Handle any task well: writing, summaries, analysis, questions.",
  reasoner:
    "Think the problem through step by step before you answer; check the result and state the assumptions.",
  live: "The question is about current events or facts that change. Prefer fresh information and say how recent it is.",
  fast: "Answer directly in as few words as are useful.",
  coder:
    "You are an expert programmer. Give complete, working code with the reasons for non-obvious choices.",
  vision: "Describe and analyse the image accurately; read text in it literally, and say what is uncertain.",
};

const TONE_LINES: Record<Tone, string> = {
  professional: "Keep a professional tone.",
  formal: "Keep a formal tone.",
  friendly: "Keep a warm and friendly tone.",
  concise: "Be concise: no preamble, no repetition.",
};

export type SystemPromptInput = {
  mode: ModeId;
  tone?: Tone | undefined;
  /** The user's standing preferences. */
  customInstructions?: string | undefined;
  /** Wall clock, epoch milliseconds. Only the date is used: a time would defeat prompt caches. */
  now: number;
  /** Random per request. */
  nonce: string;
};

/**
 * The system prompt of native chat: a stable part that providers can cache and, after the breakpoint, what
 * changes by day or by user.
 */
export function systemPrompt(input: SystemPromptInput): SystemMessage {
  const stable = [IDENTITY, MODE_LINES[input.mode], input.tone === undefined ? "" : TONE_LINES[input.tone]];
  const volatile = [`Today is ${new Date(input.now).toISOString().slice(0, 10)}.`];
  const wishes = input.customInstructions?.trim() ?? "";
  if (wishes !== "") {
    volatile.push(
      "The user has left these preferences for your answers:",
      wrapUntrusted(wishes, "user preferences", input.nonce),
      untrustedNotice(input.nonce),
    );
  }
  return {
    role: "system",
    content: [
      {
        type: "text",
        text: `${stable.filter((line) => line !== "").join("\n")}\n\n`,
        cacheBreakpoint: "ours",
      },
      { type: "text", text: volatile.join("\n") },
    ],
  };
}
