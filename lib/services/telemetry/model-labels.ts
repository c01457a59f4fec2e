/** Models outside of the catalogue that get a label value of their own. */
const MAX_UNLISTED = 200;
/** The label of the others. */
const OTHER_MODEL = "other";

/**
 * The value of the `model` label. Clients can name any model, and each value is a series that Prometheus keeps: those
 * of the catalogue always have their own, others only if a call of theirs has succeeded, and only some of them.
 */
export class ModelLabels {
  readonly #isListed: (provider: string, model: string) => boolean;
  readonly #unlisted = new Set<string>();

  constructor(isListed: (provider: string, model: string) => boolean) {
    this.#isListed = isListed;
  }

  of(provider: string, model: string, hasSucceeded: boolean): string {
    if (this.has(provider, model)) return model;
    if (!hasSucceeded || this.#unlisted.size >= MAX_UNLISTED) return OTHER_MODEL;
    this.#unlisted.add(`${provider}/${model}`);
    return model;
  }

  /** Whether the model has a value of its own. */
  has(provider: string, model: string): boolean {
    return this.#isListed(provider, model) || this.#unlisted.has(`${provider}/${model}`);
  }
}
