/** How a WAV file is written, with what real writers do differently. */
export type WavOptions = {
  rate?: number;
  channels?: number;
  bits?: number;
  float?: boolean;
  extensible?: boolean;
  /** Chunks before the samples, by their ids. */
  before?: readonly (readonly [id: string, body: Uint8Array])[];
  /** What the head says instead of the lengths. */
  riffLength?: number;
  dataLength?: number;
  after?: Uint8Array;
};

/** A tone of so many seconds, samples from -1 to 1. */
export function tone(seconds: number, { rate = 24_000, hertz = 440, loudness = 0.5 } = {}): Float64Array {
  return Float64Array.from({ length: Math.round(seconds * rate) }, (_, index) => {
    return loudness * Math.sin((2 * Math.PI * hertz * index) / rate);
  });
}

/** Silence, a tone, silence: what engines answer. */
export function utterance(seconds: number, rate = 24_000, quiet = 0.2): Float64Array {
  const silence = new Array<number>(Math.round(quiet * rate)).fill(0);
  return Float64Array.from([...silence, ...tone(seconds, { rate }), ...silence]);
}

export function wav(samples: Float64Array, options: WavOptions = {}): Buffer {
  const { rate = 24_000, channels = 1, bits = 16, float = false, extensible = false } = options;
  const data = encode(samples, channels, bits, float);
  const format = Buffer.alloc(extensible ? 40 : 16);
  const tag = float ? 3 : 1;
  format.writeUInt16LE(extensible ? 0xfffe : tag, 0);
  format.writeUInt16LE(channels, 2);
  format.writeUInt32LE(rate, 4);
  format.writeUInt32LE((rate * channels * bits) / 8, 8);
  format.writeUInt16LE((channels * bits) / 8, 12);
  format.writeUInt16LE(bits, 14);
  if (extensible) {
    format.writeUInt16LE(22, 16);
    format.writeUInt16LE(bits, 18);
    format.writeUInt16LE(tag, 24);
  }
  const chunks = [
    ...(options.before ?? []).map(([id, body]) => chunk(id, body)),
    chunk("fmt ", format),
    chunk("data", data, options.dataLength),
    options.after ?? Buffer.alloc(0),
  ];
  const body = Buffer.concat([Buffer.from("WAVE"), ...chunks]);
  return chunk("RIFF", body, options.riffLength, false);
}

/** Bare samples: 16 bits, little-endian. */
export function pcm(samples: Float64Array): Buffer {
  return encode(samples, 1, 16, false);
}

function chunk(id: string, body: Uint8Array, length = body.length, pads = true): Buffer {
  const head = Buffer.alloc(8);
  head.write(id, "latin1");
  head.writeUInt32LE(length, 4);
  return Buffer.concat([head, body, Buffer.alloc(pads ? body.length % 2 : 0)]);
}

function encode(samples: Float64Array, channels: number, bits: number, float: boolean): Buffer {
  const bytes = bits / 8;
  const data = Buffer.alloc(samples.length * channels * bytes);
  samples.forEach((value, index) => {
    for (let channel = 0; channel < channels; channel++) {
      const at = (index * channels + channel) * bytes;
      if (float) bits === 32 ? data.writeFloatLE(value, at) : data.writeDoubleLE(value, at);
      else if (bits === 8) data.writeUInt8(Math.round(value * 127) + 128, at);
      else data.writeIntLE(Math.round(value * (2 ** (bits - 1) - 1)), at, bytes);
    }
  });
  return data;
}

/** MP3 frames (MPEG 2, layer III, 24 kHz, mono) that say nothing. */
export function mp3(frames: number, { rateIndex = 1, info = false, tag = false } = {}): Buffer {
  const frame = (fill = ""): Buffer => {
    // 64 kbit/s: the frame's length depends on the rate.
    const rate = [22_050, 24_000, 16_000][rateIndex] ?? 24_000;
    const bytes = Buffer.alloc(Math.floor((72_000 * 64) / rate));
    bytes.writeUInt32BE(0xfff30000 + (8 << 12) + (rateIndex << 10) + (3 << 6), 0);
    bytes.write(fill, 4 + 9, "latin1");
    return bytes;
  };
  const id3 = Buffer.concat([Buffer.from("ID3\u0004\0\0\0\0\0\u0005", "latin1"), Buffer.alloc(5)]);
  return Buffer.concat([
    ...(tag ? [id3] : []),
    ...(info ? [frame("Info")] : []),
    ...Array.from({ length: frames }, () => frame()),
  ]);
}

export type ReadWav = { rate: number; samples: Int16Array };

/** Reads the one kind of file that the gateway writes, strictly. */
export function strictWav(file: Uint8Array): ReadWav {
  const bytes = Buffer.from(file);
  const head = {
    ids: [bytes.toString("latin1", 0, 4), bytes.toString("latin1", 8, 16), bytes.toString("latin1", 36, 40)],
    riff: bytes.readUInt32LE(4),
    format: [bytes.readUInt32LE(16), bytes.readUInt16LE(20), bytes.readUInt16LE(22)],
    data: bytes.readUInt32LE(40),
  };
  const expected = {
    ids: ["RIFF", "WAVEfmt ", "data"],
    riff: bytes.length - 8,
    format: [16, 1, 1],
    data: bytes.length - 44,
  };
  if (JSON.stringify(head) !== JSON.stringify(expected))
    throw new Error(`Not such a file: ${JSON.stringify(head)}`);
  return { rate: bytes.readUInt32LE(24), samples: samplesOf(bytes.subarray(44)) };
}

export function samplesOf(bytes: Uint8Array): Int16Array {
  const copy = new Uint8Array(bytes);
  return new Int16Array(copy.buffer, 0, copy.length >> 1);
}

/** The largest step from one sample to the next: what clicks. */
export function maxJump(samples: Int16Array, from = 1, to = samples.length): number {
  let jump = 0;
  for (let index = Math.max(1, from); index < Math.min(to, samples.length); index++) {
    jump = Math.max(jump, Math.abs((samples[index] ?? 0) - (samples[index - 1] ?? 0)));
  }
  return jump;
}

export function rms(samples: Int16Array): number {
  return Math.sqrt(samples.reduce((sum, value) => sum + value * value, 0) / Math.max(1, samples.length));
}
