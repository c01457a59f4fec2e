import { open, stat } from "node:fs/promises";
import { type Clock, sleep } from "#lib/shared/clock.ts";

/** A larger file is no configuration, bytes: 20,000 prices are less. It is parsed between the parts of streams. */
const MAX_BYTES = 1024 * 1024;
/** A file is read once nothing has changed for this time, milliseconds: an editor may not have finished yet. */
const REST_MS = 150;
/** A reading that must not wait for ever takes what there is after so many rests. */
const MAX_RESTS = 7;
/** After a change so many looks read the text as well: some file systems tell times to the second only. */
const CAREFUL_LOOKS = 3;

/**
 * A file whose changes are noticed by what the file system says about it, also if it is replaced, if it is a
 * symbolic link whose target is swapped (Kubernetes), and where no events come (NFS).
 */
export class WatchedFile {
  readonly path: string;
  readonly #clock: Clock;
  #stamp: string | undefined;
  #carefulLooks = 0;

  constructor(path: string, clock: Clock) {
    this.path = path;
    this.#clock = clock;
  }

  /**
   * The text if it may have changed since the last look; undefined if it has not, or is just being written. Rejects
   * with an error that says why it cannot be read.
   */
  async look(): Promise<string | undefined> {
    try {
      const stamp = await stampOf(this.path);
      if (stamp === this.#stamp) {
        if (this.#carefulLooks === 0) return undefined;
        this.#carefulLooks--;
      }
      return await this.#readAtRest(stamp);
    } catch (error) {
      throw this.#failure(error);
    }
  }

  /** The text as it is now, after the writer that is at work has had a second. Rejects as `look` does. */
  async read(): Promise<string> {
    try {
      for (let rests = 1; rests < MAX_RESTS; rests++) {
        const text = await this.#readAtRest(await stampOf(this.path));
        if (text !== undefined) return text;
      }
      return await readConfigFile(this.path);
    } catch (error) {
      throw this.#failure(error);
    }
  }

  /** Undefined if it changes meanwhile. */
  async #readAtRest(stamp: string): Promise<string | undefined> {
    if (stamp !== this.#stamp) {
      await sleep(this.#clock, REST_MS);
      if ((await stampOf(this.path)) !== stamp) return undefined;
    }
    const text = await readConfigFile(this.path);
    if ((await stampOf(this.path)) !== stamp) return undefined;
    if (stamp !== this.#stamp) this.#carefulLooks = CAREFUL_LOOKS;
    this.#stamp = stamp;
    return text;
  }

  /** The next look reads the text again, whatever the file system says. */
  #failure(error: unknown): unknown {
    this.#stamp = undefined;
    return isSystemError(error) ? new Error(`${this.path} cannot be read (${error.code}).`) : error;
  }
}

async function stampOf(path: string): Promise<string> {
  const about = await stat(path, { bigint: true });
  // To open a pipe would wait for somebody who writes to it.
  if (!about.isFile()) throw new Error(`${path} is not a regular file.`);
  const { dev, ino, size, mtimeNs, ctimeNs } = about;
  return [dev, ino, size, mtimeNs, ctimeNs].join(":");
}

/** The text of a regular file. Throws if it is too large. */
export async function readConfigFile(path: string): Promise<string> {
  const file = await open(path, "r");
  try {
    const about = await file.stat();
    if (!about.isFile()) throw new Error(`${path} is not a regular file.`);
    if (about.size > MAX_BYTES) throw new Error(`${path} is larger than ${MAX_BYTES / 1024 / 1024} MB.`);
    return await file.readFile("utf8");
  } finally {
    await file.close();
  }
}

function isSystemError(error: unknown): error is Error & { code: string } {
  return error instanceof Error && "code" in error && typeof error.code === "string";
}
