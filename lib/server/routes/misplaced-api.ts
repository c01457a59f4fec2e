import type { RouteFacts } from "#lib/server/http/declaration.ts";
import { pathMatcher } from "#lib/server/http/path-matcher.ts";

const PUBLIC_APIS = "/api/v1/";
const MAX_ADVISED = 200;

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
 * Finds the path that was probably meant by one that does not exist: a route with the same end under `/api/v1`
 * or `/api`. Undefined if there is none.
 */
export function advisedPath(routes: readonly RouteFacts[]): (pathname: string) => string | undefined {
  const isServed = pathMatcher(routes.map(({ path }) => [path, true]));
  return (pathname) => {
    const segments = pathname.split("/").filter((segment) => segment !== "");
    const start = segments.findIndex((segment) => segment !== "api" && segment !== "v1");
    if (start === -1) return undefined;
    const rest = segments.slice(start).join("/");
    return [`${PUBLIC_APIS}${rest}`, `/api/${rest}`].find(
      (path) => path.length <= MAX_ADVISED && isServed(path) === true,
    );
  };
}

function isPublicApi(path: string): boolean {
  return path.startsWith(PUBLIC_APIS);
}
