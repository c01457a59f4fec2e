import { type Exchange, type Script, textChunk, usageChunk } from "../../support/fake-upstream.ts";

const SECTION = (number: number): string => `## Part ${number}

A circuit breaker **stops calls** to what is broken, so that it can _recover_; see [the docs](/docs) and \`part-${number}\`.
It opens after several failures, lets one call through after a while, and closes when that is answered.

1. Count failures, not calls.
2. Open for a time, then test with one call:
   - a probe that fails opens it again,
   - a probe that is answered closes it.

| state | calls | next |
|---|---:|---|
| closed | ${number * 10} | open |
| open | 0 | half open |

\`\`\`ts
export function breakerOf(limit: number): Breaker {
  return { failures: 0, limit, isOpen: false, part: ${number} };
}
\`\`\`

> What fails fast frees those who wait.

`;

/** An answer of this many characters with everything that Markdown has. */
export function longAnswer(length: number): string {
  let text = "";
  for (let number = 1; text.length < length; number++) text += SECTION(number);
  return text.slice(0, length);
}

/** Writes a text in pieces of one size, far faster than any model does. */
export function pours(text: string, { size, pauseMs }: { size: number; pauseMs: number }): Script {
  return async (exchange: Exchange) => {
    await exchange.startStream();
    for (let at = 0; at < text.length && !exchange.gone; at += size) {
      await exchange.event(textChunk(text.slice(at, at + size)));
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
    await exchange.event(textChunk("", "stop"));
    await exchange.event(usageChunk(100, Math.ceil(text.length / 4)));
    await exchange.event("[DONE]");
    await exchange.endStream();
  };
}
