/** What a file says of its sound. */
export type AudioFacts = {
  /** False if nothing is to be heard in it: a film without sound, a recording of no length. */
  hasSound: boolean;
  /** How long it is, if it says so. Nothing of a client's file is to be trusted: see `plausibleSeconds`. */
  seconds: number | undefined;
};

export const SILENT: AudioFacts = { hasSound: false, seconds: undefined };

/** Samples over their rate in seconds; undefined for a rate of zero. */
export function secondsOf(samples: number, rate: number): number | undefined {
  return rate > 0 ? samples / rate : undefined;
}
