import { systemPrompt } from "#lib/prompts/system-prompt.ts";
import type { Contributor } from "#lib/services/chat/contributor.ts";
import type { Clock } from "#lib/shared/clock.ts";

const NONCE_BYTES = 8;

export type PromptContributorOptions = {
  clock: Pick<Clock, "wallNow">;
  /** A random hexadecimal string of this many bytes. */
  randomHex(bytes: number): string;
};

/** The system prompt of the mode, with the user's tone and preferences. */
export function promptContributor({ clock, randomHex }: PromptContributorOptions): Contributor {
  return {
    name: "prompt",
    // Not reached: the contributor waits for nothing.
    timeoutMs: 1_000,
    isRequired: true,
    wants: () => true,
    run: ({ input, decision }) => ({
      before: [
        systemPrompt({
          mode: decision.wanted,
          tone: input.tone,
          customInstructions: input.customInstructions,
          now: clock.wallNow(),
          nonce: randomHex(NONCE_BYTES),
        }),
      ],
    }),
  };
}
