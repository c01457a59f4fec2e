/** What clients append to their base URL. */
const CLIENT_PATHS: ReadonlySet<string> = new Set([
  "chat/completions",
  "embeddings",
  "messages",
  "messages/count_tokens",
  "models",
  "responses",
]);

/**
 * Paths outside `/api` at which a client arrives whose base URL lacks `/api` or `/api/v1`. It reads JSON, so
 * that a web page would tell it nothing. `next.config.ts` has the same paths for plain Next.js.
 */
const MISPLACED = /^\/(?:v1|chat\/completions|embeddings|messages|responses)(?:[/?]|$)/;

/** Whether a request target outside `/api` is a client's that looks for the API. */
export function isMisplacedApi(target: string): boolean {
  return MISPLACED.test(target);
}

/** The path that was probably meant by one that does not exist; undefined where there is no telling. */
export function meantPath(pathname: string): string | undefined {
  const segments = pathname.split("/").filter((segment) => segment !== "");
  const start = segments.findIndex((segment) => segment !== "api" && segment !== "v1");
  const rest = start === -1 ? "" : segments.slice(start).join("/");
  return CLIENT_PATHS.has(rest) ? `/api/v1/${rest}` : undefined;
}
