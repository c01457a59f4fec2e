import type { DatabaseAnswer } from "#lib/adapters/supabase/database-error.ts";
import type { RpcResponse, RpcTransport } from "#lib/adapters/supabase/rpc-transport.ts";
import { field, isJsonObject, parseJson, stringField } from "#lib/shared/json.ts";
import { VERSION } from "#lib/shared/version.ts";

/** The value that a function of the database returned, or why there is none; `status` is 0 without an answer. */
export type RpcAnswer = DatabaseAnswer & { data: unknown };

/** A call of a function, which is sent once, and never rejects. */
export type RpcCall = PromiseLike<RpcAnswer> & {
  /** Ends the call, and its connection, when the signal aborts. To be given at once, before the call is sent. */
  abortSignal(signal: AbortSignal): PromiseLike<RpcAnswer>;
};

export type Rpc = (name: string, parameters?: Readonly<Record<string, unknown>>) => RpcCall;

export type RpcOptions = {
  /** Project URL, e.g. `https://abc.supabase.co`. */
  url: string;
  /** What the project knows the gateway by. */
  apiKey: string;
  /** Whom the call acts for: a user's access token, or the key again. */
  bearer: string;
  transport: RpcTransport;
  /** Upper bound of every call, milliseconds. */
  timeoutMs: number;
};

/** Calls the functions of a project's database as supabase-js does, with less work per call. */
export function createRpc({ url, apiKey, bearer, transport, timeoutMs }: RpcOptions): Rpc {
  const { origin, pathname } = new URL("rest/v1/rpc/", url.endsWith("/") ? url : `${url}/`);
  const headers = {
    apikey: apiKey,
    authorization: `Bearer ${bearer}`,
    "content-type": "application/json",
    "content-profile": "public",
    accept: "*/*",
    "user-agent": `SarmaLink-AI/${VERSION}`,
  };
  const ask = async (
    name: string,
    parameters: object,
    signal: AbortSignal | undefined,
  ): Promise<RpcAnswer> => {
    try {
      const request = { origin, path: `${pathname}${name}`, headers, body: JSON.stringify(parameters) };
      return readAnswer(await transport(request, { signal, timeoutMs }));
    } catch (reason) {
      return { data: null, error: noAnswer(reason), status: 0 };
    }
  };
  return (name, parameters = {}) => {
    let given: AbortSignal | undefined;
    const answer = Promise.resolve().then(() => ask(name, parameters, given));
    return Object.assign(answer, {
      abortSignal: (signal: AbortSignal) => {
        given = signal;
        return answer;
      },
    });
  };
}

function readAnswer({ status, text }: RpcResponse): RpcAnswer {
  const isOk = status >= 200 && status < 300;
  if (isOk && text === "") return { data: null, error: null, status };
  const json = parseJson(text);
  if (isOk && json !== undefined) return { data: json, error: null, status };
  return { data: null, error: refusal(json, text), status };
}

/** What PostgREST says, or the body of another server. */
function refusal(json: unknown, text: string): NonNullable<DatabaseAnswer["error"]> {
  const message = stringField(json, "message");
  if (!isJsonObject(json) || message === undefined) return { message: text };
  return {
    code: stringField(json, "code"),
    message,
    details: stringField(json, "details") ?? null,
    hint: stringField(json, "hint") ?? null,
  };
}

/** There was no answer: the reason, and its own cause, by name and in words. */
function noAnswer(reason: unknown): NonNullable<DatabaseAnswer["error"]> {
  const told = named(reason);
  const cause = reason instanceof Error && reason.cause !== undefined ? reason.cause : undefined;
  return { code: "", message: told, details: `${told}\n\nCaused by: ${named(cause ?? reason)}` };
}

function named(reason: unknown): string {
  if (!(reason instanceof Error)) return String(reason);
  const code = field(reason, "code");
  return `${reason.name}: ${reason.message}${typeof code === "string" ? ` (${code})` : ""}`;
}
