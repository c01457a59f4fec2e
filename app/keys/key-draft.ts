import type { KeyView } from "#lib/browser/keys.ts";
import { keysStrings } from "../_strings/keys.ts";

/** What the form holds, as it was typed. */
export type KeyDraft = {
  name: string;
  requestsPerMinute: string;
  requestsAtOnce: string;
  usdPerMonth: string;
  modes: readonly string[];
  /** `2027-01-31T12:00`, in the reader's own zone, as the browser's field gives it. */
  expiresAt: string;
};

/** What a key may be limited to; `named`: engines by their own names. */
export const MODES = ["smart", "reasoner", "live", "fast", "coder", "vision", "named"] as const;

const MINUTE_MS = 60_000;

/** The form for a key, or an empty one. */
export function draftOf(key: KeyView | undefined): KeyDraft {
  return {
    name: key?.name ?? "",
    requestsPerMinute: key?.requestsPerMinute?.toString() ?? "",
    requestsAtOnce: key?.requestsAtOnce?.toString() ?? "",
    usdPerMonth: key?.usdPerMonth?.toString() ?? "",
    modes: key?.modes ?? [],
    expiresAt: key?.expiresAt == null ? "" : localTime(new Date(key.expiresAt)),
  };
}

function localTime(date: Date): string {
  return new Date(date.getTime() - date.getTimezoneOffset() * MINUTE_MS).toISOString().slice(0, 16);
}

/** What a changed form changes of a key: nothing that the reader did not touch. */
export function changesOf(draft: KeyDraft, before: KeyDraft): Record<string, unknown> {
  const isChanged = (name: string): boolean =>
    JSON.stringify(draft[name as keyof KeyDraft]) !== JSON.stringify(before[name as keyof KeyDraft]);
  return Object.fromEntries(Object.entries(bodyOf(draft)).filter(([name]) => isChanged(name)));
}

/** What is wrong with the form, by field. `now` in milliseconds. */
export function problemsOf(draft: KeyDraft, now: number): Partial<Record<keyof KeyDraft, string>> {
  const { form } = keysStrings;
  const isCount = (text: string): boolean => text.trim() === "" || /^[1-9]\d{0,6}$/.test(text.trim());
  const isAmount = (text: string): boolean => text.trim() === "" || /^\d+(?:\.\d+)?$/.test(text.trim());
  return {
    ...(draft.name.trim() === "" && { name: form.nameMissing }),
    ...(!isCount(draft.requestsPerMinute) && { requestsPerMinute: form.notANumber }),
    ...(!isCount(draft.requestsAtOnce) && { requestsAtOnce: form.notANumber }),
    ...(!isAmount(draft.usdPerMonth) && { usdPerMonth: form.notAnAmount }),
    ...(draft.expiresAt !== "" && !(Date.parse(draft.expiresAt) > now) && { expiresAt: form.expiresPast }),
  };
}

/** The body of `POST /api/keys` and `PATCH /api/keys/[id]`. An empty field is no limit. */
export function bodyOf(draft: KeyDraft): Record<string, unknown> {
  const number = (text: string): number | null => (text.trim() === "" ? null : Number(text));
  return {
    name: draft.name.trim(),
    requestsPerMinute: number(draft.requestsPerMinute),
    requestsAtOnce: number(draft.requestsAtOnce),
    usdPerMonth: number(draft.usdPerMonth),
    modes: draft.modes.length === 0 ? null : draft.modes,
    expiresAt: draft.expiresAt === "" ? null : new Date(draft.expiresAt).toISOString(),
  };
}
