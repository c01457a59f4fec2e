import type { AskEffects } from "#lib/services/model-check/ask-list.ts";
import { askModelLists } from "#lib/services/model-check/ask-lists.ts";
import type { ChainEntries } from "#lib/services/model-check/chain-entries.ts";
import { type ModelLists, type ModelReport, modelReport } from "#lib/services/model-check/model-report.ts";
import type { Logger, WaitUntil } from "#lib/services/ports.ts";

const DAY_MS = 86_400_000;

/** The lists of one check. */
export type KeptLists = {
  /** Wall clock, milliseconds. */
  checkedAt: number;
  lists: ModelLists;
};

/** Where the processes of one machine keep the lists of the last check, so that one of them asks for all. */
export type ListStore = {
  /** Undefined if there are none. Never rejects. */
  read(): Promise<KeptLists | undefined>;
  /** Whether this process is the one that asks now. Never rejects. */
  claim(): Promise<boolean>;
  /** Keeps the lists and gives the claim back. Never rejects. */
  write(kept: KeptLists): Promise<void>;
};

/** The block of the admin health. */
export type ModelsBlock = {
  /** `off`: switched off; `waiting`: the first check has begun; `checked`. */
  state: "off" | "waiting" | "checked";
  /** ISO 8601; null before the first check. */
  checkedAt: string | null;
} & ModelReport;

export type DailyCheckOptions = {
  isOn: boolean;
  /** The entries of the chains as they are now. */
  entries(): ChainEntries;
  effects: Omit<AskEffects, "signal">;
  /** Aborts when the gateway closes. */
  signal: AbortSignal;
  /** Undefined: this process asks for itself. */
  store: ListStore | undefined;
  logger: Logger;
};

/** A server goes on by itself. */
const goOn: WaitUntil = (work) => void work;

/**
 * Which models of the chains are gone, by lists that are at most asked for once a day, and only when somebody wants to
 * know: a gateway whose health nobody reads makes no call.
 */
export class DailyModelCheck {
  readonly #options: DailyCheckOptions;
  #kept: KeptLists | undefined;
  #checking: Promise<void> | undefined;

  constructor(options: DailyCheckOptions) {
    this.#options = options;
  }

  /** What the last check found about the chains as they are now. Begins another one, for later, if it is old. */
  async block(waitUntil: WaitUntil = goOn): Promise<ModelsBlock> {
    const { isOn, entries } = this.#options;
    if (!isOn) return { state: "off", checkedAt: null, present: 0, gone: [], unchecked: [] };
    if (!this.#isFresh(this.#kept)) waitUntil(this.#check());
    const kept = this.#kept;
    if (kept === undefined) return { state: "waiting", checkedAt: null, present: 0, gone: [], unchecked: [] };
    const checkedAt = new Date(kept.checkedAt).toISOString();
    return { state: "checked", checkedAt, ...(await modelReport(entries(), kept.lists)) };
  }

  #isFresh(kept: KeptLists | undefined): kept is KeptLists {
    if (kept === undefined) return false;
    const age = this.#options.effects.clock.wallNow() - kept.checkedAt;
    return age >= 0 && age < DAY_MS;
  }

  /** One at a time. Never rejects. */
  #check(): Promise<void> {
    this.#checking ??= this.#askOrRead()
      .catch((error: unknown) => {
        if (!this.#options.signal.aborted) {
          this.#options.logger.error("The models of the chains could not be checked.", error);
        }
      })
      .finally(() => {
        this.#checking = undefined;
      });
    return this.#checking;
  }

  async #askOrRead(): Promise<void> {
    const { store, entries, effects, signal } = this.#options;
    const others = await store?.read();
    if (this.#isFresh(others)) {
      this.#kept = others;
      return;
    }
    if (store !== undefined && !(await store.claim())) return;
    const lists = await askModelLists(entries(), { ...effects, signal });
    this.#kept = { checkedAt: effects.clock.wallNow(), lists };
    this.#tell(await modelReport(entries(), lists));
    await store?.write(this.#kept);
  }

  #tell({ gone }: ModelReport): void {
    if (gone.length === 0) return;
    this.#options.logger.warn("Chains name models that their providers no longer list.", {
      engines: [...new Set(gone.map(({ engine }) => engine))].join(", "),
    });
  }
}
