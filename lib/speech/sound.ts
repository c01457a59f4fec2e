/** Sound that was decoded: one channel, 16 bits a sample. */
export type Sound = { rate: number; samples: Int16Array<ArrayBuffer> };

/** Speech as a client gets it: a file, or bare samples, and how long it lasts. */
export type SpokenFile = {
  bytes: Uint8Array<ArrayBuffer>;
  /** Its media type, and the ending of its name. */
  type: string;
  extension: string;
  /** Undefined if the format does not tell. */
  seconds: number | undefined;
};

/** A sound whose loudest sample is less than this is taken for silence: -54 dB. */
const SILENT = 65;

export function secondsOf({ rate, samples }: Sound): number {
  return samples.length / rate;
}

/** Whether nothing is to be heard in it. */
export function isSilent({ samples }: Sound): boolean {
  return samples.every((sample) => sample < SILENT && sample > -SILENT);
}
