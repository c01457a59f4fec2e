import type { Loudspeaker } from "#lib/browser/speech/reading.ts";

/** The browser's own. @param blocked called when it wants a press of a button before it makes a sound. */
export function audioLoudspeaker(blocked: () => void): Loudspeaker {
  const audio = new Audio();
  // A pause takes back the promise of `play`, and what cannot be played is told by the event `error`.
  const start = (): void =>
    void audio.play().catch((error: unknown) => {
      if (error instanceof DOMException && error.name === "NotAllowedError") blocked();
    });
  return {
    pause: () => audio.pause(),
    resume: start,
    play(sound, signal) {
      const url = URL.createObjectURL(sound);
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      audio.onended = () => resolve();
      audio.onerror = () => reject(new Error("The sound cannot be played."));
      signal.addEventListener("abort", () => resolve(), { once: true });
      audio.src = url;
      start();
      return promise.finally(() => {
        audio.onended = null;
        audio.onerror = null;
        audio.pause();
        URL.revokeObjectURL(url);
      });
    },
  };
}
