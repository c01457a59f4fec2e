import { parseArgs } from "node:util";
import { z } from "zod";
import {
  DEFAULT_GRACE_SECONDS,
  gatewayKeyBodySchema,
  KEY_MODES,
  MAX_GRACE_SECONDS,
  readGatewayKey,
} from "#lib/apis/native/keys.ts";
import { type GatewayKeyLimits, NAMED_MODE } from "#lib/services/identity/caller.ts";
import { GatewayError } from "#lib/shared/errors.ts";

/** Which database is used, and whose keys. */
export type PlaceOptions = {
  /** E-mail address or id of the owner. */
  user: string | undefined;
  /** Use the local database, which is created if there is none. */
  local: boolean;
};

export type KeyOptions = PlaceOptions & {
  name: string;
  limits: GatewayKeyLimits;
  /** ISO 8601. */
  expiresAt: string | undefined;
};

export type KeyCommand =
  | { name: "create"; options: KeyOptions }
  | { name: "list"; options: PlaceOptions }
  | { name: "rotate"; options: PlaceOptions; id: string; graceSeconds: number }
  | { name: "revoke"; options: PlaceOptions; id: string };

const MODES = `${KEY_MODES.slice(0, -1).join(", ")} and ${KEY_MODES.at(-1)}`;

export const KEY_HELP = `Creates a gateway key and prints it, once; lists, rotates and revokes keys.

  npm run key -- --name ci --usd 20
  npm run key -- list
  npm run key -- rotate ID --grace 24h
  npm run key -- revoke ID

  --name   what the key is for, 1 to 100 characters; required
  --usd    US dollars that it may spend in a month; no limit by default
  --rpm    requests that it may make in a minute; no limit by default
  --at-once  requests that it may have under way at once; no limit by default
  --expires  when it ends: a time from now (12h, 30d) or in ISO 8601; never by default
  --grace  how long the old secret works after a rotation, up to 30d; 24h by default
  --modes  modes that it may use, separated by commas; all by default. Some of
           ${MODES};
           ${NAMED_MODE} allows naming engines as provider/model
  --user   e-mail address or id of the owner. Required with a Supabase project of your own; the
           demo user by default in the local database
  --local  use the local database, which is created if there is none yet
  --help   show this text

It needs the gateway's settings, to find its database: without Supabase's it is the local one in
SARMALINK_DATA_DIR. Only the key (or the list) is printed to standard output: KEY=$(npm run -s key -- --name ci)`;

const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 };
const NPM = "npm takes options for itself unless they follow --: npm run key -- --name ci.";
const HINT = "`npm run key -- --help` shows how.";
const ALLOWED: Readonly<Record<string, readonly [option: string, allowed: string]>> = {
  name: ["--name", "1 to 100 characters of plain text"],
  usdPerMonth: ["--usd", "a number of US dollars from 0, for example 20 or 2.50"],
  requestsPerMinute: ["--rpm", "a whole number from 1 to 1000000"],
  requestsAtOnce: ["--at-once", "a whole number from 1 to 100000"],
  expiresAt: ["--expires", "a time to come, such as 12h, 30d or 2027-01-31T12:00:00Z"],
  modes: ["--modes", `some of ${MODES}, separated by commas`],
};

/** Reads the command line; undefined for --help. Throws `invalid_request` in one line. */
export function readKeyCommand(args: readonly string[], now = Date.now()): KeyCommand | undefined {
  const [name, ...rest] = args;
  if (name !== "list" && name !== "rotate" && name !== "revoke") {
    const options = readKeyOptions(args, now);
    return options && { name: "create", options };
  }
  const { values, positionals } = parse(rest);
  if (values.help === true) return undefined;
  const [id, ...more] = positionals;
  const surplus = name === "list" ? id : more[0];
  if (surplus !== undefined) throw wrong(`"${surplus}" belongs to no option.`);
  const options = placeOptions(values);
  if (name === "list") return { name, options };
  if (!z.guid().safeParse(id).success) throw wrong(`${name} needs the id of a key, as list shows it.`);
  if (name === "revoke") return { name, options, id: String(id) };
  const grace = values.grace === undefined ? DEFAULT_GRACE_SECONDS : secondsOf(values.grace);
  if (grace === undefined || grace > MAX_GRACE_SECONDS) {
    throw wrong(`--grace is "${values.grace}": it must be a time from 0s to 30d, such as 24h.`);
  }
  return { name, options, id: String(id), graceSeconds: grace };
}

/** Reads the options of a new key; undefined for --help. Throws `invalid_request` in one line. */
function readKeyOptions(args: readonly string[], now = Date.now()): KeyOptions | undefined {
  const { values, positionals } = parse(args);
  if (values.help === true) return undefined;
  if (positionals.length > 0) {
    throw wrong(
      `"${positionals[0]}" belongs to no option. npm takes options for itself unless they follow --.`,
    );
  }
  if (values.name === undefined) {
    throw wrong(`--name is missing. ${NPM}`);
  }
  const body = gatewayKeyBodySchema.safeParse({
    name: values.name,
    usdPerMonth: numberOf(values.usd),
    requestsPerMinute: numberOf(values.rpm),
    requestsAtOnce: numberOf(values["at-once"]),
    expiresAt: expiryOf(values.expires, now),
    modes: values.modes?.split(",").map((mode) => mode.trim()),
  });
  if (!body.success) {
    const [option, allowed] = ALLOWED[String(body.error.issues[0]?.path[0])] ?? ["An option", "otherwise"];
    throw wrong(`${option} is "${given(values, option)}": it must be ${allowed}.`);
  }
  const { name, limits, expiresAt } = readGatewayKey(body.data);
  return { ...placeOptions(values), name, limits, expiresAt };
}

function placeOptions(values: ReturnType<typeof parse>["values"]): PlaceOptions {
  if (values.user !== undefined && !isUser(values.user)) {
    throw wrong(`--user is "${values.user}": it must be an e-mail address or the id of a user.`);
  }
  return { user: values.user, local: values.local === true };
}

/** A time from now as ISO 8601; any other text stays as it is, for the schema. */
function expiryOf(text: string | undefined, now: number): string | undefined {
  const seconds = text === undefined ? undefined : secondsOf(text);
  return seconds === undefined ? text : new Date(now + seconds * 1_000).toISOString();
}

/** Of `90s`, `45m`, `12h` or `30d`; undefined for any other text, and for more than a hundred years. */
function secondsOf(text: string): number | undefined {
  const [, count, unit] = /^(\d{1,10})([smhd])$/.exec(text) ?? [];
  if (count === undefined || unit === undefined) return undefined;
  const seconds = Number(count) * (SECONDS[unit] ?? 0);
  return seconds > 3_155_760_000 ? undefined : seconds;
}

export function isUserId(user: string): boolean {
  return z.guid().safeParse(user).success;
}

function isUser(user: string): boolean {
  return isUserId(user) || /^\S+@\S+$/.test(user);
}

function parse(args: readonly string[]) {
  const text = { type: "string" } as const;
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        name: text,
        usd: text,
        rpm: text,
        "at-once": text,
        expires: text,
        grace: text,
        modes: text,
        user: text,
        local: { type: "boolean" },
        help: { type: "boolean", short: "h" },
      },
    });
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    // Node's message goes on with advice about its own syntax.
    throw wrong(`${error.message.split(/[.\n]/)[0]}.`);
  }
}

/** Text that is not a plain number stays text, which the schema refuses. */
function numberOf(text: string | undefined): number | string | undefined {
  return text !== undefined && /^\d+(?:\.\d+)?$/.test(text) ? Number(text) : text;
}

function given(values: Readonly<Record<string, unknown>>, option: string): string {
  return String(values[option.replace(/^--/, "")]);
}

function wrong(message: string): GatewayError {
  return new GatewayError("invalid_request", `${message} ${HINT}`);
}
