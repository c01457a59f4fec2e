import { GatewayError } from "#lib/shared/errors.ts";
import { AUDIO_FORMATS, type Audio, inspectAudio } from "#lib/transcription/audio.ts";

/** Bytes of a file that decide what it is. */
const HEAD_BYTES = 64 * 1024;

/**
 * The recording in a file. Throws `unsupported_media_type` for a file of another kind, which it names, and
 * `invalid_request` for one in which nothing is to be heard.
 */
export async function readRecording(file: Buffer): Promise<Audio> {
  if (file.length === 0) throw wrong("invalid_request", "The file is empty.");
  const inspected = inspectAudio(file);
  switch (inspected.kind) {
    case "audio":
      return inspected.audio;
    case "silent":
      throw wrong("invalid_request", "The file holds no sound, or is cut off.");
    case "unknown":
      throw wrong("unsupported_media_type", `${await kindOf(file)} Send ${AUDIO_FORMATS}.`);
  }
}

async function kindOf(file: Buffer): Promise<string> {
  const { fileTypeFromBuffer } = await import("file-type");
  const found = await fileTypeFromBuffer(file.subarray(0, HEAD_BYTES));
  const what = found === undefined ? "" : ` (${found.mime})`;
  return `The file${what} is not a recording of a format that engines take.`;
}

function wrong(code: "invalid_request" | "unsupported_media_type", message: string): GatewayError {
  return new GatewayError(code, message, { details: { param: "file" } });
}
