import type { FailureCause } from "#lib/providers/failures/failure.ts";
import { entryIds } from "#lib/providers/health/engine-identity.ts";
import type { BenchStart } from "#lib/providers/health/health-memory.ts";
import type { LiveBench } from "#lib/services/admin/live-health.ts";
import { BoundedMap } from "#lib/shared/bounded-map.ts";
import type { Clock } from "#lib/shared/clock.ts";

/** What nobody but the operator can mend, and what they have to do. */
const REMEDIES = {
  no_credit:
    "The account has no credit left, or has reached its spending limit: top it up or raise the limit at the provider.",
  daily_allowance:
    "The account has used up what it may use a day for nothing: wait for midnight UTC, add another account, or upgrade its plan.",
  account_disabled:
    "The account is suspended or deactivated: sign in at the provider and do what it asks for, or replace the key.",
  region:
    "The provider does not serve the place where the gateway runs: move the gateway, or remove the provider's keys.",
  data_policy:
    "The account's privacy settings or allow-lists leave no host for the model: change them at the provider, or take the model out of the chains.",
  not_enabled:
    "The model is not enabled for the account: enable it at the provider, or take the model out of the chains.",
  account: "The account may not make this call: see what the provider says.",
  key_rejected: "The provider rejects the key: replace it, and restart the gateway.",
  model_forbidden:
    "The key may not use the model: accept its licence or terms at the provider, or take the model out of the chains.",
  wrong_address: "No API answers at the provider's address: correct its base URL.",
} as const;

export type AlarmCode = keyof typeof REMEDIES;

/** A fault of the operator's account, key or settings at a provider. */
export type AccountAlarm = {
  code: AlarmCode;
  /** What is wrong, what to do, and what the provider said. */
  message: string;
  /** When it was first noticed, epoch milliseconds. */
  since: number;
  /** When the provider is tried again, epoch milliseconds. */
  until: number;
  /** The fingerprint of the key that it is about; undefined if it is about all of them. */
  key: string | undefined;
  model: string | undefined;
};

/** A fault that comes again within this time after its bench is the same fault, milliseconds. */
const SAME_FAULT_MS = 3_600_000;
const MAX_FAULTS = 2_000;

type Fault = { code: AlarmCode; since: number; endsAt: number };

/**
 * The account faults of the process's providers. A fault stands as long as its bench; it is remembered for an
 * hour longer, so that one that nobody has mended keeps its beginning from bench to bench.
 */
export class AccountAlarms {
  readonly #clock: Pick<Clock, "wallNow">;
  readonly #faults = new BoundedMap<string, Fault>(MAX_FAULTS);

  constructor(clock: Pick<Clock, "wallNow">) {
    this.#clock = clock;
  }

  /** Notes a bench that has just begun. */
  note({ level, scope, engine, keyIndex, cause, forMs }: BenchStart): void {
    const code = alarmCode(cause);
    if (code === undefined || level === "origin") return;
    const ids = entryIds(scope, engine, keyIndex);
    const id = level === "key_and_model" ? ids.rateLimit : ids[level];
    this.#sinceOf(`${level} ${id}`, code, this.#clock.wallNow() + forMs);
  }

  /** The alarms of these benches, each fault once, the oldest first. */
  of(benches: readonly LiveBench[]): AccountAlarm[] {
    const alarms = new Map<string, AccountAlarm>();
    for (const { level, id, until, key, model, cause } of benches) {
      const code = alarmCode(cause);
      if (code === undefined) continue;
      const since = this.#sinceOf(`${level} ${id}`, code, until);
      // One key or model may be benched for several uses.
      const subject = JSON.stringify([code, key, model]);
      const known = alarms.get(subject);
      if (known !== undefined && known.since <= since) continue;
      alarms.set(subject, { code, message: messageOf(code, cause), since, until, key, model });
    }
    return [...alarms.values()].sort((a, b) => a.since - b.since);
  }

  /** When the fault began. One that another instance has noticed begins here with its first reading. */
  #sinceOf(id: string, code: AlarmCode, endsAt: number): number {
    const now = this.#clock.wallNow();
    const before = this.#faults.get(id);
    const isSame = before?.code === code && now <= before.endsAt + SAME_FAULT_MS;
    const since = isSame ? before.since : now;
    this.#faults.set(id, { code, since, endsAt });
    return since;
  }
}

/** Undefined for a cause that passes by itself, or that the operator need not mend. */
function alarmCode({ kind, problem }: FailureCause): AlarmCode | undefined {
  switch (kind) {
    case "account":
      return problem ?? "account";
    case "key_rejected":
    case "model_forbidden":
      return kind;
    default:
      return problem === "wrong_address" ? problem : undefined;
  }
}

function messageOf(code: AlarmCode, { reason }: FailureCause): string {
  return `${REMEDIES[code]} It says: ${reason}`;
}
