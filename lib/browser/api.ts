import { field, parseJson, stringField } from "#lib/shared/json.ts";

/** Which fetch a page calls with; the browser's own, or a test's. */
export type FetchLike = (url: string, init?: RequestInit) => Promise<Response>;

/** An answer of the gateway that is an error. `status` is 0 when no answer came. */
export class ApiError extends Error {
  readonly status: number;
  /** A code of docs/HOW-IT-WORKS.md, or `network` when no answer came. */
  readonly code: string;
  readonly requestId: string | undefined;
  /** Seconds until the same request may succeed. */
  readonly retryAfter: number | undefined;

  constructor(problem: {
    status: number;
    code: string;
    message: string;
    requestId?: string | undefined;
    retryAfter?: number | undefined;
  }) {
    super(problem.message);
    this.name = "ApiError";
    this.status = problem.status;
    this.code = problem.code;
    this.requestId = problem.requestId;
    this.retryAfter = problem.retryAfter;
  }
}

export type ApiCall = {
  method?: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Sent as JSON. */
  body?: unknown;
  /** Sent as `multipart/form-data`, in place of a body. */
  form?: FormData;
  signal?: AbortSignal;
  /** A gateway key, in place of the session cookie. */
  bearer?: string;
  fetch?: FetchLike;
};

/**
 * Calls a route of our own origin with the session cookie, and returns its JSON (undefined for an empty
 * answer). Throws an `ApiError` for an error answer or a lost connection, and an `AbortError` when the
 * signal aborts.
 */
export async function callApi(path: string, call: ApiCall = {}): Promise<unknown> {
  const response = await sendToApi(path, call);
  return parseJson(await response.text());
}

/** As `callApi`, for an answer that is a file. */
export async function fetchFile(path: string, call: ApiCall = {}): Promise<Blob> {
  const response = await sendToApi(path, call);
  return connected(call, () => response.blob());
}

/** As `callApi`, for an answer that is read as a stream. */
export async function sendToApi(path: string, call: ApiCall = {}): Promise<Response> {
  const send = call.fetch ?? ((url: string, init?: RequestInit) => fetch(url, init));
  const response = await connected(call, () => send(path, initOf(call)));
  if (!response.ok) throw await readError(response);
  return response;
}

/** What needs the connection; losing it is an `ApiError`. */
async function connected<T>({ signal }: ApiCall, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (signal?.aborted === true) throw error;
    throw new ApiError({ status: 0, code: "network", message: "The gateway cannot be reached." });
  }
}

function initOf({ method = "GET", body, form, signal, bearer }: ApiCall): RequestInit {
  return {
    method,
    credentials: bearer === undefined ? "same-origin" : "omit",
    cache: "no-store",
    headers: {
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }),
    },
    ...(form === undefined ? {} : { body: form }),
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    ...(signal === undefined ? {} : { signal }),
  };
}

async function readError(response: Response): Promise<ApiError> {
  const retryAfter = Number(response.headers.get("retry-after") ?? Number.NaN);
  const basics = {
    status: response.status,
    requestId: response.headers.get("x-request-id") ?? undefined,
    retryAfter: Number.isFinite(retryAfter) ? retryAfter : undefined,
  };
  const error = field(parseJson(await response.text()), "error");
  return new ApiError({
    ...basics,
    code: stringField(error, "code") ?? "internal_error",
    // A proxy in front of us may have answered with a page of its own.
    message: stringField(error, "message") ?? `The gateway answered ${response.status}.`,
  });
}
