import { parseArgs } from "node:util";
import { z } from "zod";
import { gatewayKeyBodySchema, KEY_MODES } from "#lib/apis/native/keys.ts";
import { type GatewayKeyLimits, NAMED_MODE } from "#lib/services/identity/caller.ts";
import { GatewayError } from "#lib/shared/errors.ts";

export type KeyOptions = {
  name: string;
  limits: GatewayKeyLimits;
  /** E-mail address or id of the owner. */
  user: string | undefined;
  /** Use the local database, which is created if there is none. */
  local: boolean;
};

const MODES = `${KEY_MODES.slice(0, -1).join(", ")} and ${KEY_MODES.at(-1)}`;

export const KEY_HELP = `Creates a gateway key and prints it, once.

  npm run key -- --name ci --usd 20

  --name   what the key is for, 1 to 100 characters; required
  --usd    US dollars that it may spend in a month; no limit by default
  --rpm    requests that it may make in a minute; no limit by default
  --modes  modes that it may use, separated by commas; all by default. Some of
           ${MODES};
           ${NAMED_MODE} allows naming engines as provider/model
  --user   e-mail address or id of its owner. Required with a Supabase project of your own; the
           demo user by default in the local database
  --local  use the local database, which is created if there is none yet
  --help   show this text

It needs the gateway's settings, to find its database: without Supabase's it is the local one in
SARMALINK_DATA_DIR. Only the key is printed to standard output: KEY=$(npm run -s key -- --name ci)`;

const NPM = "npm takes options for itself unless they follow --: npm run key -- --name ci.";
const HINT = "`npm run key -- --help` shows how.";
const ALLOWED: Readonly<Record<string, readonly [option: string, allowed: string]>> = {
  name: ["--name", "1 to 100 characters of plain text"],
  usdPerMonth: ["--usd", "a number of US dollars from 0, for example 20 or 2.50"],
  requestsPerMinute: ["--rpm", "a whole number from 1 to 1000000"],
  modes: ["--modes", `some of ${MODES}, separated by commas`],
};

/** Reads the command line; undefined for --help. Throws `invalid_request` in one line. */
export function readKeyOptions(args: readonly string[]): KeyOptions | undefined {
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
    modes: values.modes?.split(",").map((mode) => mode.trim()),
  });
  if (!body.success) {
    const [option, allowed] = ALLOWED[String(body.error.issues[0]?.path[0])] ?? ["An option", "otherwise"];
    throw wrong(`${option} is "${given(values, option)}": it must be ${allowed}.`);
  }
  if (values.user !== undefined && !isUser(values.user)) {
    throw wrong(`--user is "${values.user}": it must be an e-mail address or the id of a user.`);
  }
  const { name, usdPerMonth, requestsPerMinute, modes } = body.data;
  return {
    name,
    user: values.user,
    local: values.local === true,
    limits: {
      usdPerMonth: usdPerMonth ?? undefined,
      requestsPerMinute: requestsPerMinute ?? undefined,
      modes: modes == null ? undefined : [...new Set(modes)],
    },
  };
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
