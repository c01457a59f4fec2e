import type { Logger } from "#lib/services/ports.ts";
import { type Clock, sleep } from "#lib/shared/clock.ts";

/**
 * A part of the health answer that another part of the gateway fills, such as `overrides`. It is read when an
 * administrator reads health. A block that fails or takes too long says so, and the others are shown.
 */
export type HealthBlock = {
  /** Its field in the answer. */
  name: string;
  read(): Promise<object> | object;
};

/** A block is an answer of this process's memory, or of one call of the database. */
const TIMEOUT_MS = 2_000;

export type HealthBlockDependencies = { clock: Clock; logger: Logger };

/** The blocks by name. Never rejects. */
export async function readHealthBlocks(
  blocks: readonly HealthBlock[],
  dependencies: HealthBlockDependencies,
): Promise<Record<string, object>> {
  const read = blocks.map(async (block) => [block.name, await readBlock(block, dependencies)] as const);
  return Object.fromEntries(await Promise.all(read));
}

async function readBlock(
  { name, read }: HealthBlock,
  { clock, logger }: HealthBlockDependencies,
): Promise<object> {
  const done = new AbortController();
  const late = sleep(clock, TIMEOUT_MS, done.signal).then(() => undefined);
  try {
    const filled = await Promise.race([Promise.resolve().then(read), late]);
    if (filled !== undefined) return filled;
    throw new Error(`Not read within ${TIMEOUT_MS} ms.`);
  } catch (error) {
    logger.error("A part of the health answer could not be read.", error, { part: name });
    return { error: "This part could not be read; the log of this process says why." };
  } finally {
    done.abort();
  }
}
