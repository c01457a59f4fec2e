/**
 * The headers of a request of node:http as web-standard Headers. Names are looked up in the raw list, which
 * node:http has parsed and checked.
 *
 * Plain path: the platform's `Headers` (`toHeaders`), which checks and copies everything again; made only for
 * rarely used methods.
 * Both agree: `__tests__/server/http/fast/node-headers.test.ts`.
 * Why: `npm run bench`, the row "our host alone" beside "leanest handler" (docs/BENCHMARKS.md).
 */
export class NodeHeaders implements Headers {
  readonly #raw: readonly string[];
  #whole: Headers | undefined;

  /** @param raw names and values alternating, as received. */
  constructor(raw: readonly string[]) {
    this.#raw = raw;
  }

  get(name: string): string | null {
    if (this.#whole !== undefined) return this.#whole.get(name);
    const wanted = name.toLowerCase();
    const raw = this.#raw;
    let found: string | null = null;
    for (let at = 0; at + 1 < raw.length; at += 2) {
      const known = raw[at] ?? "";
      if (known.length !== wanted.length || known.toLowerCase() !== wanted) continue;
      const value = raw[at + 1] ?? "";
      found = found === null ? value : `${found}${wanted === "cookie" ? "; " : ", "}${value}`;
    }
    return found;
  }

  has(name: string): boolean {
    return this.get(name) !== null;
  }

  append(name: string, value: string): void {
    this.toHeaders().append(name, value);
  }
  delete(name: string): void {
    this.toHeaders().delete(name);
  }
  set(name: string, value: string): void {
    this.toHeaders().set(name, value);
  }
  getSetCookie(): string[] {
    return this.toHeaders().getSetCookie();
  }
  forEach(callback: (value: string, name: string, parent: Headers) => void, self?: unknown): void {
    this.toHeaders().forEach((value, name) => callback.call(self, value, name, this));
  }
  keys(): HeadersIterator<string> {
    return this.toHeaders().keys();
  }
  values(): HeadersIterator<string> {
    return this.toHeaders().values();
  }
  entries(): HeadersIterator<[string, string]> {
    return this.toHeaders().entries();
  }
  [Symbol.iterator](): HeadersIterator<[string, string]> {
    return this.toHeaders()[Symbol.iterator]();
  }

  /** The platform's own Headers, which replace the raw list from now on. */
  toHeaders(): Headers {
    if (this.#whole !== undefined) return this.#whole;
    this.#whole = new Headers();
    for (let at = 0; at + 1 < this.#raw.length; at += 2)
      this.#whole.append(this.#raw[at] ?? "", this.#raw[at + 1] ?? "");
    return this.#whole;
  }
}

// So that `headers instanceof Headers` holds.
Object.setPrototypeOf(NodeHeaders.prototype, Headers.prototype);
