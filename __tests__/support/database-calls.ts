import { subscribe, unsubscribe } from "node:diagnostics_channel";

/** undici's own channel, on which the platform's fetch tells of its requests, too. */
const REQUESTS = "undici:request:create";

export type DatabaseCalls = {
  /** The last part of each path: the names of functions and tables, in order. */
  readonly names: string[];
  stop(): void;
};

/** Notes every call of the database at this URL, whichever client makes it. */
export function noteDatabaseCalls(url: string): DatabaseCalls {
  const { origin } = new URL(url);
  const names: string[] = [];
  const onRequest = (message: unknown): void => {
    const { request } = message as { request: { origin: string | URL; path: string } };
    if (new URL(request.origin).origin === origin)
      names.push(request.path.replace(/\?.*$/, "").replace(/^.*\//, ""));
  };
  subscribe(REQUESTS, onRequest);
  return { names, stop: () => unsubscribe(REQUESTS, onRequest) };
}
