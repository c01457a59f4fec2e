import { GatewayError } from "#lib/shared/errors.ts";

/** Values of a query; several of one name in a list. */
export type PluginQuery = Readonly<Record<string, QueryValue | readonly QueryValue[]>>;
type QueryValue = string | number | boolean;

/** The longest address, characters: more than servers take. */
const MAX_ADDRESS = 8_000;
/** Characters of a path that mean themselves in a URL; `@` and `\` are left out, for they begin other hosts. */
const PATH_CHARACTERS = /^[\w.~!$&'()*+,;=:%/-]*$/;
const SCHEME = /^[a-z][a-z0-9+.-]*:/i;
/** A segment is decoded this often, since servers and proxies behind each other may all decode it. */
const MAX_DECODINGS = 3;
const SEPARATORS_AND_CONTROLS = /[/\\\u0000-\u001f\u007f-\u009f]/;
/** `.` and `..`, also with what some servers ignore behind them: a parameter, spaces. */
const DOTS = /^\.{1,2}[\s.]*(?:;|$)/;

/**
 * An operator's address of a plugin, without a slash at its end; undefined if it is no address that paths can be
 * put below: another scheme, a user, a query, a fragment.
 */
export function pluginBase(text: string): string | undefined {
  if (!URL.canParse(text)) return undefined;
  const { protocol, username, password, search, hash, origin, pathname } = new URL(text);
  if (!/^https?:$/.test(protocol) || /[?#]/.test(text)) return undefined;
  if (`${username}${password}${search}${hash}` !== "") return undefined;
  return `${origin}${pathname.replace(/\/+$/, "")}`;
}

/**
 * The URL of a client's path below a plugin's address. The path can never leave it: not to another host, and not
 * upwards, however it is spelt. Throws `invalid_request`.
 * @param path relative, with or without a slash at its beginning; it may have a query.
 */
export function pluginAddress(base: string, path: string, query: PluginQuery = {}): string {
  const mark = path.indexOf("?");
  const plain = mark === -1 ? path : path.slice(0, mark);
  assertSafePath(plain);
  const search = new URLSearchParams(mark === -1 ? "" : path.slice(mark + 1));
  for (const [name, value] of Object.entries(query)) {
    for (const one of [value].flat()) search.append(name, String(one));
  }
  const isRoot = plain === "" && new URL(base).pathname === "/";
  const below = (plain === "" && !isRoot) || plain.startsWith("/") ? plain : `/${plain}`;
  const address = `${base}${below}${search.size === 0 ? "" : `?${search}`}`;
  if (address.length > MAX_ADDRESS) throw refused("is too long");
  assertWithin(base, address);
  return address;
}

/**
 * The check of last resort, after joining: a URL reads as it is written, on the plugin's origin and below its path.
 * Throws `invalid_request`.
 */
export function assertWithin(base: string, address: string): void {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  const root = new URL(base);
  const prefix = root.pathname.replace(/\/$/, "");
  const isWithin =
    url !== undefined &&
    url.origin === root.origin &&
    (url.pathname === prefix || url.pathname.startsWith(`${prefix}/`)) &&
    `${url.username}${url.password}${url.hash}` === "" &&
    url.href === address;
  if (!isWithin) throw refused("leads out of the plugin's address");
}

function assertSafePath(path: string): void {
  if (path.length > MAX_ADDRESS) throw refused("is too long");
  if (!PATH_CHARACTERS.test(path)) throw refused("has characters that must be percent-encoded");
  if (SCHEME.test(path)) throw refused("must be relative");
  const segments = path.replace(/^\//, "").replace(/\/$/, "").split("/");
  if (path !== "" && path !== "/" && segments.includes("")) throw refused("has an empty segment");
  for (const segment of segments) assertSafeSegment(segment);
}

function assertSafeSegment(segment: string): void {
  let text = segment;
  for (let decoding = 0; ; decoding++) {
    // Full-width and other forms of dots and slashes are the plain ones to some servers.
    const plain = text.normalize("NFKC");
    if (SEPARATORS_AND_CONTROLS.test(plain) || DOTS.test(plain.trimStart()))
      throw refused("leads out of its folder");
    const next = decoded(text);
    if (next === text) return;
    if (decoding === MAX_DECODINGS) throw refused("is encoded too often");
    text = next;
  }
}

/** The text decoded once; a percent sign that encodes nothing is refused. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (error) {
    if (!(error instanceof URIError)) throw error;
    throw refused("is not encoded correctly");
  }
}

function refused(problem: string): GatewayError {
  return new GatewayError("invalid_request", `"path" ${problem}.`, {
    details: { issues: [{ field: "path", problem }] },
  });
}
