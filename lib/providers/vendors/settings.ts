import { baseUrlProblem } from "#lib/providers/vendors/base-url.ts";
import { GatewayError } from "#lib/shared/errors.ts";

/** Reads one configuration variable; undefined when it is unset or empty. */
export type Setting = (name: string) => string | undefined;

export function wrongSetting(name: string, problem: string): GatewayError {
  return new GatewayError("not_configured", `The variable ${name} is wrong: ${problem}.`);
}

/** A setting that is sent as a header. Throws `not_configured` for characters that headers cannot carry. */
export function headerSetting(setting: Setting, name: string): string | undefined {
  const value = setting(name);
  if (value === undefined || /^[\x20-\x7e]*$/.test(value)) return value;
  throw wrongSetting(
    name,
    "it has a character that no header can carry, such as a line break or a typographic quote",
  );
}

/** Throws `not_configured`. */
export function baseUrlSetting(setting: Setting, name: string): string | undefined {
  const value = setting(name);
  const problem = value === undefined ? undefined : baseUrlProblem(value);
  if (problem !== undefined) throw wrongSetting(name, problem);
  return value;
}
