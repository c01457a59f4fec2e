import { closeSync, openSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { makeFolder } from "#lib/adapters/make-folder.ts";

/** A new file is begun after this size. */
export const SEGMENT_BYTES = 1024 * 1024;

/** One file of the journal. */
export type Segment = {
  path: string;
  fd: number;
  bytes: number;
  /** Turns in it that the database does not have yet. */
  waiting: number;
  /** Lines that are still to be written to it. */
  unwritten: string;
  /** A write failed: the file may end within a line. */
  isTorn: boolean;
};

/** Makes the file, readable by its owner only, and its folder if it has been deleted. Throws if that fails. */
export function openSegment(path: string): Segment {
  makeFolder(dirname(path), 0o700);
  return { path, fd: openSync(path, "a", 0o600), bytes: 0, waiting: 0, unwritten: "", isTorn: false };
}

/** Adds a line, which the next `flush` writes. */
export function append(segment: Segment, line: object): void {
  const text = `${JSON.stringify(line)}\n`;
  segment.unwritten += text;
  segment.bytes += text.length;
}

/**
 * Writes the lines that wait, and returns the error if that fails. They stay then, and are written again from
 * the start, on a line of their own; reading a line twice is harmless.
 */
export function flush(segment: Segment): unknown {
  if (segment.unwritten === "") return undefined;
  const bytes = Buffer.from(segment.isTorn ? `\n${segment.unwritten}` : segment.unwritten);
  try {
    // A write may be short if the disk is almost full.
    for (let written = 0; written < bytes.length; ) written += writeSync(segment.fd, bytes, written);
  } catch (error) {
    segment.isTorn = true;
    return error;
  }
  segment.isTorn = false;
  segment.unwritten = "";
  return undefined;
}

/** Writes what waits and closes the file. Throws if the write fails. */
export function closeSegment(segment: Segment): void {
  const failure = flush(segment);
  closeSync(segment.fd);
  if (failure !== undefined) throw failure;
}
