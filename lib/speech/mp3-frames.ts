import { afterTags, type MpegFrame, mpegFrameAt } from "#lib/shared/mpeg-audio.ts";

/** The frames of an MP3 file, without its tags. */
export type Mp3 = { bytes: Uint8Array; seconds: number; rate: number; channels: number };

/** An old tag at the end of a file: always so long. */
const LAST_TAG_BYTES = 128;

/** Whether the bytes begin as an MP3 file does: with a tag or with a frame. */
export function isMp3(bytes: Buffer): boolean {
  return afterTags(bytes) > 0 || frameAt(bytes, 0) !== undefined;
}

/**
 * The frames of a file one after the other; undefined if one is missing a part, or something else is between them.
 * The frame that only describes the file is left out, since it would be wrong once files are joined.
 */
export function readMp3(bytes: Buffer): Mp3 | undefined {
  const from = afterTags(bytes);
  let at = from;
  let start = from;
  let samples = 0;
  let first: MpegFrame | undefined;
  while (at < bytes.length && !isLastTag(bytes, at)) {
    const frame = frameAt(bytes, at);
    if (frame === undefined || at + frame.length > bytes.length) return undefined;
    if (first === undefined && isDescription(bytes, at + frame.infoAt)) {
      start = at + frame.length;
    } else {
      first ??= frame;
      if (frame.rate !== first.rate) return undefined;
      samples += frame.samples;
    }
    at += frame.length;
  }
  if (first === undefined) return undefined;
  const { rate, channels } = first;
  return { bytes: bytes.subarray(start, at), seconds: samples / rate, rate, channels };
}

/** Several files as one. Undefined if they differ in rate or channels, which players do not expect within a file. */
export function joinMp3(files: readonly Mp3[]): Mp3 | undefined {
  const [first] = files;
  if (first === undefined) return undefined;
  const { rate, channels } = first;
  if (files.some((file) => file.rate !== rate || file.channels !== channels)) return undefined;
  const seconds = files.reduce((sum, file) => sum + file.seconds, 0);
  return { bytes: Buffer.concat(files.map(({ bytes }) => bytes)), seconds, rate, channels };
}

function isLastTag(bytes: Buffer, at: number): boolean {
  return bytes.length - at === LAST_TAG_BYTES && bytes.toString("latin1", at, at + 3) === "TAG";
}

/** The frame of layer III that begins here. */
function frameAt(bytes: Buffer, at: number): MpegFrame | undefined {
  const frame = mpegFrameAt(bytes, at);
  return frame?.layer === 3 ? frame : undefined;
}

function isDescription(bytes: Buffer, at: number): boolean {
  return ["Xing", "Info"].includes(bytes.toString("latin1", at, at + 4));
}
