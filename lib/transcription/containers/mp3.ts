import { afterTags, type MpegFrame, mpegFrameAt } from "#lib/shared/mpeg-audio.ts";
import { type AudioFacts, SILENT } from "#lib/transcription/containers/facts.ts";

/** How far behind the tags a first frame is looked for: some encoders fill up with zeros. */
const MAX_BEFORE = 4_096;
/** As many frames in a row are no accident. */
const MIN_FRAMES = 3;
/** Frames that are counted: of any usual bit rate, all of the largest file. Its rest is taken to go on like them. */
const MAX_FRAMES = 250_000;

/** A file of MPEG layer II or III, with tags or without; undefined for another file. */
export function inspectMp3(bytes: Buffer): AudioFacts | undefined {
  const start = afterTags(bytes);
  for (let at = start; at < Math.min(start + MAX_BEFORE, bytes.length); at++) {
    if (areFrames(bytes, at)) return { hasSound: true, seconds: secondsFrom(bytes, at) };
  }
  return start > 0 && start >= bytes.length ? SILENT : undefined;
}

/** Whether frames stand there one behind the other, to the end of a short file. */
function areFrames(bytes: Buffer, start: number): boolean {
  let at = start;
  for (let count = 0; count < MIN_FRAMES; count++) {
    const frame = mpegFrameAt(bytes, at);
    if (frame === undefined) return count >= 2 && at + 4 > bytes.length;
    at += frame.length;
  }
  return true;
}

/** The highest bit rate there is, in bytes a second: more bytes than that are a longer recording than its header says. */
const MAX_BYTES_A_SECOND = 48_000;

/** By the encoder's count of the frames, if so many can have so many bytes; else by counting them. */
function secondsFrom(bytes: Buffer, start: number): number | undefined {
  const first = mpegFrameAt(bytes, start);
  if (first === undefined) return undefined;
  const counted = frameCount(bytes, start, first);
  const declared = counted === undefined ? 0 : (counted * first.samples) / first.rate;
  if (declared * MAX_BYTES_A_SECOND >= bytes.length - start) return declared;
  let seconds = 0;
  let at = start;
  for (let count = 0; count < MAX_FRAMES; count++) {
    const frame = mpegFrameAt(bytes, at);
    if (frame === undefined) break;
    seconds += frame.samples / frame.rate;
    at += frame.length;
  }
  // Behind what cannot be read as frames it goes on as before.
  return (seconds * (bytes.length - start)) / Math.max(1, Math.min(at, bytes.length) - start);
}

/** The number of frames in the header of a variable bit rate (Xing, Info, VBRI), if there is one. */
function frameCount(bytes: Buffer, start: number, { infoAt, length }: MpegFrame): number | undefined {
  const xing = start + infoAt;
  const vbri = start + 36;
  const end = Math.min(start + length, bytes.length);
  if (xing + 12 <= end && /^(?:Xing|Info)$/.test(bytes.toString("latin1", xing, xing + 4))) {
    const hasFrames = (bytes.readUInt32BE(xing + 4) & 1) === 1;
    return hasFrames ? bytes.readUInt32BE(xing + 8) : undefined;
  }
  if (vbri + 18 <= end && bytes.toString("latin1", vbri, vbri + 4) === "VBRI") {
    return bytes.readUInt32BE(vbri + 14);
  }
  return undefined;
}
