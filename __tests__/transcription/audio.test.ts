import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { type Inspected, inspectAudio } from "#lib/transcription/audio.ts";
import { expectLinear } from "../support/linear.ts";
import { fc } from "../support/properties.ts";

/** Each holds a tone of 1.2 s, made with ffmpeg; those called `film` hold a black picture. */
const file = (name: string): Buffer => readFileSync(new URL(`../fixtures/audio/${name}`, import.meta.url));

const kind = (bytes: Buffer): string => {
  const inspected = inspectAudio(bytes);
  return inspected.kind === "audio" ? inspected.audio.extension : inspected.kind;
};
const seconds = (bytes: Buffer): number | undefined => {
  const inspected = inspectAudio(bytes);
  return inspected.kind === "audio" ? inspected.audio.seconds : undefined;
};

describe("a recording is known by its bytes, and its length is read from them", () => {
  // What ffprobe says of their length; an encoder fills up its last frame.
  test.each([
    ["tone.wav", "wav", 1.2],
    ["tone.flac", "flac", 1.2],
    ["tone-tagged.mp3", "mp3", 1.296],
    ["tone-vbr.mp3", "mp3", 1.296],
    ["tone-bare.mp3", "mp3", 1.296],
    ["tone-mp2.mpga", "mp3", 1.224],
    ["tone.m4a", "mp4", 1.2],
    ["film.mp4", "mp4", 1.024],
    ["tone-opus.ogg", "ogg", 1.2],
    ["tone-vorbis.ogg", "ogg", 1.2],
    ["tone-flac.ogg", "ogg", 1.2],
    ["tone-speex.ogg", "ogg", 1.2],
    ["tone.webm", "webm", 1.208],
    // As browsers record: without a length.
    ["tone-live.webm", "webm", 1.2],
  ])("%s: %s, %d s", (name, extension, length) => {
    expect(kind(file(name))).toBe(extension);
    expect(seconds(file(name))).toBeCloseTo(length, 1);
  });

  test("a film in fragments has no length", () => {
    expect(inspectAudio(file("tone-fragmented.mp4"))).toMatchObject({
      kind: "audio",
      audio: { extension: "mp4", contentType: "audio/mp4", seconds: undefined },
    });
  });

  test.each(["film-silent.mp4", "film-silent.webm", "film-silent.ogv"])("%s holds no sound", (name) => {
    expect(kind(file(name))).toBe("silent");
  });

  test.each<[string, Buffer]>([
    ["AAC without a container", file("tone.aac")],
    ["Matroska", file("tone.mka")],
    ["a text", Buffer.from("RIFF is a format. ".repeat(50))],
    ["a PDF", Buffer.from("%PDF-1.7\n".padEnd(500))],
    [
      "a picture in MPEG-4's container",
      Buffer.from("\0\0\0\x18ftypheic\0\0\0\0mif1heic".padEnd(400), "latin1"),
    ],
    ["AVI", Buffer.from("RIFF\x10\0\0\0AVI LIST".padEnd(400), "latin1")],
    ["zeros", Buffer.alloc(5_000)],
    ["ones", Buffer.alloc(5_000, 0xff)],
    ["one byte", Buffer.from("f")],
    [
      "tags of MP3 and nothing known behind them",
      Buffer.concat([Buffer.from("ID3\x04\0\0\0\0\0\x02ab"), Buffer.from("x".repeat(500))]),
    ],
  ])("%s is unknown", (_what, bytes) => {
    expect(kind(bytes)).toBe("unknown");
  });

  test("FLAC and MP3 behind tags, and MP3 behind zeros", () => {
    const tag = Buffer.concat([Buffer.from("ID3\x04\0\0\0\0\x01\x00", "latin1"), Buffer.alloc(128)]);
    expect(kind(Buffer.concat([tag, file("tone.flac")]))).toBe("flac");
    expect(kind(Buffer.concat([tag, tag, file("tone-bare.mp3")]))).toBe("mp3");
    expect(kind(Buffer.concat([Buffer.alloc(1_000), file("tone-bare.mp3")]))).toBe("mp3");
  });
});

describe("what a file says of its length is not believed", () => {
  /** A WAV with a second of these many bytes, and so many bytes of sound. */
  function wav(bytesASecond: number, sound: number, declared = sound): Buffer {
    const bytes = Buffer.alloc(44 + sound);
    bytes.write("RIFF....WAVEfmt ", "latin1");
    bytes.writeUInt32LE(16, 16);
    bytes.writeUInt32LE(bytesASecond, 28);
    bytes.write("data", 36, "latin1");
    bytes.writeUInt32LE(declared, 40);
    return bytes;
  }

  test.each<[string, Buffer, Partial<Inspected> & object]>([
    ["no length is declared", wav(8_000, 16_000, 0), { kind: "audio", audio: { seconds: 2 } } as never],
    ["too long a one", wav(8_000, 16_000, 0xffff_ffff), { kind: "audio", audio: { seconds: 2 } } as never],
    ["years in some bytes", wav(1, 16_000), { kind: "audio", audio: { seconds: undefined } } as never],
    ["seconds without bytes", wav(0, 16_000), { kind: "audio", audio: { seconds: undefined } } as never],
    ["a moment", wav(0xffff_ffff, 16_000), { kind: "silent" }],
    ["nothing", wav(8_000, 0), { kind: "silent" }],
  ])("%s", (_what, bytes, expected) => {
    expect(inspectAudio(bytes)).toMatchObject(expected);
  });
});

describe("what no recording has ends the search: a file of 25 MB must not hold up others", () => {
  const box = (type: string, ...content: readonly Buffer[]): Buffer => {
    const body = Buffer.concat(content);
    const head = Buffer.alloc(8);
    head.writeUInt32BE(8 + body.length, 0);
    head.write(type, 4, "latin1");
    return Buffer.concat([head, body]);
  };
  const sound = box("mdia", box("hdlr", Buffer.from("\0\0\0\0\0\0\0\0soun", "latin1")));
  /** A film whose sound stands behind many empty boxes, so many in each of its tracks. */
  const film = (tracks: number, boxes: number): Buffer => {
    const empty = box("trak", Buffer.alloc(8 * boxes, Buffer.from("\0\0\0\x08free", "latin1")));
    const before = Array.from({ length: tracks }, () => empty);
    return Buffer.concat([
      box("ftyp", Buffer.from("M4A \0\0\0\0")),
      box("moov", ...before, box("trak", sound)),
    ]);
  };
  /** A recording whose sound stands behind as many empty chunks. */
  const wav = (chunks: number): Buffer =>
    Buffer.concat([
      Buffer.from("RIFF....WAVE"),
      Buffer.alloc(8 * chunks),
      Buffer.from("data\x04\0\0\0abcd", "latin1"),
    ]);

  test.each<[string, Buffer, string]>([
    ["some chunks", wav(5_000), "wav"],
    ["a million chunks", wav(1_000_000), "silent"],
    ["some boxes", film(10, 5_000), "mp4"],
    ["two million boxes in tracks", film(40, 50_000), "silent"],
  ])("%s", (_what, bytes, expected) => {
    expect(kind(bytes)).toBe(expected);
  });

  test("the frames of an MP3 are counted as far as one of usual quality has any, and the rest likewise", () => {
    // MPEG 2, layer III, 8 kbit/s at 24 kHz: 24 bytes and 24 ms a frame.
    const frame = Buffer.from([0xff, 0xf3, 0x14, 0xc0, ...new Array(20).fill(0)]);
    const bytes = Buffer.alloc(24 * 300_000, frame);
    expect(seconds(bytes)).toBeCloseTo(300_000 * 0.024, 0);
    bytes.fill(0, 24 * 260_000);
    expect(seconds(bytes)).toBeCloseTo(300_000 * 0.024, 0);
  });
});

describe("a file that says that it is short, so that its budget counts less than what is transcribed", () => {
  test("WAV: the samples count, not the declared bytes of a second", () => {
    const lying = Buffer.from(file("tone.wav"));
    lying.writeUInt32LE(1_000_000, lying.indexOf("fmt ") + 16);
    expect(seconds(lying)).toBeCloseTo(1.2, 1);
  });

  test("MP3: the frames count, if the encoder's count cannot be", () => {
    const vbr = file("tone-vbr.mp3");
    const at = Math.max(vbr.indexOf("Xing"), vbr.indexOf("Info"));
    const lying = Buffer.from(vbr);
    lying.writeUInt32BE(1, at + 8);
    expect(at).toBeGreaterThan(0);
    expect(seconds(vbr)).toBeCloseTo(1.296, 1);
    expect(seconds(lying)).toBeGreaterThan(1.2);
  });
});

const NAMES = ["tone.wav", "tone.flac", "tone-vbr.mp3", "tone.m4a", "tone-opus.ogg", "tone-live.webm"];

describe("broken files", () => {
  test.each(NAMES)("%s, cut off anywhere or with any bytes changed, throws nothing", (name) => {
    const whole = file(name);
    const change = fc.tuple(fc.nat(whole.length - 1), fc.nat(255));
    fc.assert(
      fc.property(fc.nat(whole.length), fc.array(change, { maxLength: 20 }), (end, changes) => {
        const bytes = Buffer.from(whole);
        for (const [at, value] of changes) bytes[at] = value;
        const inspected = inspectAudio(bytes.subarray(0, end));
        if (inspected.kind !== "audio" || inspected.audio.seconds === undefined) return;
        expect(inspected.audio.seconds).toBeLessThanOrEqual(end / 50);
      }),
      { numRuns: 300 },
    );
  });

  test.each<[string, (size: number) => Buffer]>([
    ["WAV of empty chunks", (size) => Buffer.concat([Buffer.from("RIFF....WAVE"), Buffer.alloc(size)])],
    [
      "Ogg of broken pages",
      (size) => Buffer.concat([file("tone-opus.ogg"), Buffer.from("OggS".repeat(size / 4))]),
    ],
    [
      "MP4 of empty boxes",
      (size) =>
        Buffer.concat([
          Buffer.from("\0\0\0\x10ftypM4A \0\0\0\0"),
          Buffer.from("\0\0\0\x08free".repeat(size / 8)),
        ]),
    ],
    [
      "WebM of empty elements",
      (size) => Buffer.concat([file("tone-live.webm"), Buffer.from("\xec\x80".repeat(size / 2), "latin1")]),
    ],
    [
      "MP4 of tracks with empty boxes",
      (size) => {
        const track = Buffer.alloc(80_000, Buffer.from("\0\0\0\x08free"));
        track.writeUInt32BE(track.length, 0);
        track.write("trak", 4, "latin1");
        const tracks = Array.from({ length: size / track.length }, () => track);
        return Buffer.concat([Buffer.from("\0\0\0\x10ftypM4A \0\0\0\0\0\0\0\0moov"), ...tracks]);
      },
    ],
    ["MP3 without a second frame", (size) => Buffer.from("\xff\xfb\x90\x00".repeat(size / 4), "latin1")],
    ["tags within tags", (size) => Buffer.from("ID3\x04\0\0\0\0\0\0".repeat(size / 10), "latin1")],
  ])("%s takes linear time", (_what, make) => {
    expectLinear(400_000, (size) => {
      const bytes = make(size);
      return () => void inspectAudio(bytes);
    });
  });
});
