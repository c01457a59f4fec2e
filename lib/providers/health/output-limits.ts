import type { OutputLimit } from "#lib/providers/failures/output-cap.ts";
import { BoundedMap } from "#lib/shared/bounded-map.ts";

/** Clients choose some of the model names, so the number remembered is bounded. */
const MAX_REMEMBERED = 2_000;
/** How long a limit is believed, milliseconds: providers raise them. */
const BELIEVED_MS = 6 * 3_600_000;

/** What engines refuse to write more than, learnt from refusals, by the id of the model's entry. */
export class OutputLimits {
  readonly #limits = new BoundedMap<string, { limit: OutputLimit; until: number }>(MAX_REMEMBERED);

  get(id: string, now: number): OutputLimit | undefined {
    const known = this.#limits.get(id);
    return known !== undefined && known.until > now ? known.limit : undefined;
  }

  learn(id: string, limit: OutputLimit, now: number): void {
    this.#limits.set(id, { limit, until: now + BELIEVED_MS });
  }
}
