/**
 * Answers made of plain parts.
 *
 * Plain path: the platform's `Response` (`toResponse`), made when a member first needs it, and always under
 * Next.js.
 * Both agree: `__tests__/server/http/fast/plain-response.test.ts`.
 * Why: the platform's Response costs a body stream, an encoding and a checked header list; `npm run bench`,
 * the row "our host alone" beside "leanest handler" (docs/BENCHMARKS.md).
 */

/** The body of an answer: whole, a stream, or none. */
export type Content = string | Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array> | null;

/** An answer as it is written; its headers are alternating names and values, as node:http takes them. */
export type PlainParts = { content: Content; headers: string[] };

/** A Response made of plain parts, which the self-host server writes; the counterpart of `NodeRequest`. */
export class PlainResponse implements Response {
  readonly status: number;
  readonly redirected = false;
  readonly statusText = "";
  readonly type = "default";
  readonly url = "";
  readonly #content: Content;
  /** By lower-case name. Only cookies can repeat; they are kept separately. */
  readonly #headers: Map<string, string>;
  readonly #cookies: string[] = [];
  #whole: Response | undefined;

  /** @param headers names in lower case. Invalid values are only found when they are written. */
  constructor(
    content: Content,
    { status = 200, headers = {} }: { status?: number; headers?: Readonly<Record<string, string>> } = {},
  ) {
    this.status = status;
    this.#content = content;
    this.#headers = new Map(Object.entries(headers));
  }

  /** What the host writes; undefined once the platform's Response has been made, which is used then. */
  get parts(): PlainParts | undefined {
    if (this.#whole !== undefined) return undefined;
    const headers: string[] = [];
    for (const [name, value] of this.#headers) headers.push(name, value);
    for (const cookie of this.#cookies) headers.push("set-cookie", cookie);
    return { content: this.#content, headers };
  }

  getHeader(name: string): string | undefined {
    return this.#whole === undefined ? this.#headers.get(name) : (this.#whole.headers.get(name) ?? undefined);
  }

  setHeader(name: string, value: string): void {
    if (this.#whole === undefined) this.#headers.set(name, value);
    else this.#whole.headers.set(name, value);
  }

  /** Sets headers that the answer does not have yet. */
  addHeaders(headers: Readonly<Record<string, string>>): void {
    for (const name in headers) {
      if (this.getHeader(name) === undefined) this.setHeader(name, headers[name] ?? "");
    }
  }

  addCookie(cookie: string): void {
    if (this.#whole === undefined) this.#cookies.push(cookie);
    else this.#whole.headers.append("set-cookie", cookie);
  }

  get ok(): boolean {
    return this.status >= 200 && this.status <= 299;
  }
  get headers(): Headers {
    return this.toResponse().headers;
  }
  get body(): ReadableStream<Uint8Array<ArrayBuffer>> | null {
    return this.toResponse().body;
  }
  get bodyUsed(): boolean {
    return this.#whole?.bodyUsed ?? false;
  }
  clone(): Response {
    return this.toResponse().clone();
  }
  arrayBuffer(): Promise<ArrayBuffer> {
    return this.toResponse().arrayBuffer();
  }
  blob(): Promise<Blob> {
    return this.toResponse().blob();
  }
  bytes(): Promise<Uint8Array<ArrayBuffer>> {
    return this.toResponse().bytes();
  }
  formData(): Promise<FormData> {
    return this.toResponse().formData();
  }
  json(): Promise<unknown> {
    return this.toResponse().json();
  }
  text(): Promise<string> {
    return this.toResponse().text();
  }

  /** The platform's own Response, which replaces the plain parts from now on. */
  toResponse(): Response {
    if (this.#whole !== undefined) return this.#whole;
    const headers = new Headers([...this.#headers]);
    for (const cookie of this.#cookies) headers.append("set-cookie", cookie);
    this.#whole = new Response(this.#content, { status: this.status, headers });
    return this.#whole;
  }
}

// So that `response instanceof Response` holds.
Object.setPrototypeOf(PlainResponse.prototype, Response.prototype);

/** A value as a JSON answer. */
export function jsonResponse(
  value: object,
  { status = 200, headers = {} }: { status?: number; headers?: Readonly<Record<string, string>> } = {},
): PlainResponse {
  return new PlainResponse(JSON.stringify(value), {
    status,
    headers: { "content-type": "application/json", ...headers },
  });
}
