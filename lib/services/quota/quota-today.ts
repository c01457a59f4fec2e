import { MODE_IDS, type ModeId, type Modes } from "#lib/ai-models.ts";
import { mayUseMode } from "#lib/services/admission/key-admission.ts";
import type { Caller } from "#lib/services/identity/caller.ts";
import type { QuotaStore } from "#lib/services/quota/quota-store.ts";

export type QuotaDependencies = {
  store: QuotaStore;
  modes: Modes;
  /** The mode in which a turn of this mode counts: itself, or the one whose engines it borrows. */
  countedMode(mode: ModeId): Promise<ModeId>;
};

/** One mode today. `countsIn`: its turns count in that mode, whose numbers these are. */
export type UserModeQuota = {
  mode: ModeId;
  used: number;
  limit: number;
  remaining: number;
  countsIn?: ModeId | undefined;
};
export type CompanyModeQuota = {
  mode: ModeId;
  used: number;
  capacity: number;
  countsIn?: ModeId | undefined;
};

export type QuotaToday = {
  /** The UTC day, `YYYY-MM-DD`. */
  day: string;
  /** When the next day begins, ISO 8601. */
  resetsAt: string;
  user: UserModeQuota[];
  company: CompanyModeQuota[];
};

const DAY_MS = 86_400_000;

/**
 * What a user and all users together have used today, and what remains, in the modes that the caller may use.
 * Throws as `QuotaStore.today` does.
 */
export async function quotaToday(
  caller: Caller,
  userId: string,
  { store, modes, countedMode }: QuotaDependencies,
): Promise<QuotaToday> {
  const [counts, counted] = await Promise.all([
    store.today(caller, userId),
    Promise.all(MODE_IDS.map(async (mode) => ({ mode, counts: await countedMode(mode) }))),
  ]);
  const rows = counted.filter((row) => mayUseMode(caller, row.mode) && mayUseMode(caller, row.counts));
  return {
    day: counts.day,
    resetsAt: new Date(Date.parse(counts.day) + DAY_MS).toISOString(),
    user: rows.map((row) => {
      const used = counts.user.get(row.counts) ?? 0;
      const limit = modes[row.counts].perUserDailyLimit;
      return { mode: row.mode, used, limit, remaining: Math.max(limit - used, 0), ...borrowing(row) };
    }),
    company: rows.map((row) => ({
      mode: row.mode,
      used: counts.company.get(row.counts) ?? 0,
      capacity: modes[row.counts].totalDailyCapacity,
      ...borrowing(row),
    })),
  };
}

function borrowing(row: { mode: ModeId; counts: ModeId }): { countsIn?: ModeId } {
  return row.counts === row.mode ? {} : { countsIn: row.counts };
}
