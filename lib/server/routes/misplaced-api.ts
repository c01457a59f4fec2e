import type { RouteFacts } from "#lib/server/http/declaration.ts";
import { pathMatcher } from "#lib/server/http/path-matcher.ts";

const PUBLIC_APIS = "/api/v1/";
const MAX_ADVISED = 200;
/** Segments of a path in which its end is looked for. */
const MAX_SEGMENTS = 20;

/**
 * Whether a request target outside `/api` comes from a client whose base URL lacks `/api` or `/api/v1`. Such a
 * client expects JSON, not a web page. These are all paths under `/v1`, and what the clients of OpenAI and
 * Anthropic append to their base URL for a POST; a path that is only read could be a page.
 * `next.config.ts` has the same paths for plain Next.js; a test compares them.
 */
export function misplacedApi(routes: readonly RouteFacts[]): (target: string) => boolean {
  const posted = routes
    .filter(({ path, access, methods }) => access === "proxy" && "POST" in methods && isPublicApi(path))
    .map(({ path }) => path.slice(PUBLIC_APIS.length).replace(/\/\[.*$/, ""));
  const starts = ["v1", ...posted].map((start) => start.replaceAll(".", "\\."));
  const pattern = new RegExp(`^/(?:${starts.join("|")})(?:[/?]|$)`);
  return (target) => pattern.test(target);
}

/**
 * Finds the path that was probably meant by one that does not exist: a route under `/api/v1` or `/api` with the
 * longest end of it (`/v1/v1/models`, `/openai/v1/chat/completions`). Undefined if there is none.
 */
export function advisedPath(routes: readonly RouteFacts[]): (pathname: string) => string | undefined {
  const isServed = pathMatcher(routes.map(({ path }) => [path, true]));
  return (pathname) => {
    const segments = pathname.split("/").filter((segment) => segment !== "");
    for (let start = 0; start < Math.min(segments.length, MAX_SEGMENTS); start++) {
      if (segments[start] === "api" || segments[start] === "v1") continue;
      const rest = segments.slice(start).join("/");
      const found = [`${PUBLIC_APIS}${rest}`, `/api/${rest}`].find(
        (path) => path.length <= MAX_ADVISED && isServed(path) === true,
      );
      if (found !== undefined) return found;
    }
    return undefined;
  };
}

/** APIs that are not served, by their paths, and what their clients can do. */
const UNSERVED: readonly (readonly [RegExp, string])[] = [
  [
    /\/openai\/v1(?:\/|$)/,
    "Groq's SDK appends /openai/v1 itself: use OpenAI's SDK, or a client with an OpenAI-compatible provider.",
  ],
  [
    /\/api\/(?:chat|generate|tags|show|version|ps|pull|embed|embeddings)$/,
    "Ollama's own API is not served: set the client to an OpenAI-compatible provider.",
  ],
  [
    /\/models\/[^/]+:\w+$|\/v1beta(?:\/|$)/,
    "Gemini's API is not served: use a client of OpenAI's or Anthropic's API.",
  ],
];

/** What a client of an API that is not served can do; undefined for other paths. */
export function unservedAdvice(pathname: string): string | undefined {
  return UNSERVED.find(([pattern]) => pattern.test(pathname))?.[1];
}

/** Whether a path that does not exist belongs to clients of OpenAI's or Anthropic's API. */
export function isPublicPath(pathname: string, meant: string | undefined): boolean {
  const isNative = /^\/+api(?:\/|$)/.test(pathname);
  return !isNative || /^\/+api\/+v1(?:\/|$)/.test(pathname) || (meant !== undefined && isPublicApi(meant));
}

function isPublicApi(path: string): boolean {
  return path.startsWith(PUBLIC_APIS);
}
