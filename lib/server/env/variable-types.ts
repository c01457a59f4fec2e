import { isIP } from "node:net";
import { homedir } from "node:os";
import { join } from "node:path";
import { z } from "zod";

/** What a variable may be, in words, and an example. The value of an `isPrivate` one is never repeated. */
export type Rule = { allowed: string; example: string; isPrivate?: boolean };

const ON = /^(?:1|true|yes|y|on)$/i;
const OFF = /^(?:0|false|no|n|off)$/i;
export const FLAG: Rule = { allowed: "on (1, true, yes, y) or off (0, false, no, n)", example: "on" };
const onOrOff = z
  .string()
  .refine((text) => ON.test(text) || OFF.test(text))
  .transform((text) => ON.test(text));
export const flag = (fallback: boolean) => onOrOff.default(fallback);
/** For what is on or off by other things as long as nobody says it. */
export const optionalFlag = onOrOff.optional();

/** Digits only: `1e3`, `0x10` and `3s` are more likely mistakes. */
export const whole = (min: number, max: number) =>
  z
    .string()
    .regex(/^\d{1,15}$/)
    .transform(Number)
    .pipe(z.number().min(min).max(max));
/** The maximum of a timer; longer ones would fire at once. */
export const MAX_TIMER_MS = 2_147_483_647;
export const MILLISECONDS: Rule = {
  allowed: `whole milliseconds from 1 to ${MAX_TIMER_MS}`,
  example: "12000",
};
export const milliseconds = (fallback: number) => whole(1, MAX_TIMER_MS).default(fallback);

export const url = z.url({ protocol: /^https?$/ }).transform((text) => text.replace(/\/+$/, ""));
/** Without the paths that the gateway appends, and not the address of Supabase's dashboard. */
export const supabaseUrl = url.refine(
  (text) =>
    !/\/(?:rest|auth|storage|graphql)\/v\d|^https?:\/\/(?:www\.|app\.)?supabase\.com(?:\/|$)/.test(text),
);
/** Paths and queries are appended to it. */
export const origin = url.refine((text) => !/[?#]/.test(text));
export const host = z.string().refine((text) => isIP(text) !== 0 || HOST_NAME.test(text));
const HOST_NAME =
  /^(?=.{1,253}$)[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?)*$/i;

/** The origin as a browser writes it; undefined if the text is not an origin. */
function originOf(text: string): string | undefined {
  if (text === "*") return text;
  // Apps have origins, too: capacitor://localhost, chrome-extension://…
  const [, scheme = "", authority = ""] = /^([a-z][a-z0-9+.-]*):\/\/([^/?#\s@*,]+)\/?$/i.exec(text) ?? [];
  if (authority === "" || !URL.canParse(text)) return undefined;
  return /^https?$/i.test(scheme) ? new URL(text).origin : `${scheme}://${authority}`.toLowerCase();
}

export const origins = z.string().transform((text, context) =>
  text.split(",").flatMap((item) => {
    const trimmed = item.trim();
    if (trimmed === "") return [];
    const origin = originOf(trimmed);
    if (origin === undefined) {
      context.addIssue({
        code: "custom",
        message: `names "${trimmed.slice(0, 100)}", which is not an origin`,
      });
    }
    return origin ?? [];
  }),
);

/** Texts that are separated by commas. */
function list(item: z.ZodType<string, string>) {
  const trimmed = z.string().transform((text) => text.split(",").map((one) => one.trim()));
  return trimmed.transform((all) => all.filter((one) => one !== "")).pipe(z.array(item));
}

/** A folder; `~` is expanded here, because not every shell does it. */
export const folder = z
  .string()
  .refine((text) => !text.startsWith("~") || text === "~" || /^~[/\\]/.test(text))
  .transform((text) => (text.startsWith("~") ? join(homedir(), text.slice(1)) : text));

export const ids = list(z.uuid()).transform((all) => all.map((id) => id.toLowerCase()));
export const emails = list(z.string().regex(/^[^\s@]+@[^\s@]+$/));
