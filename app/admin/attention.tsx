"use client";

import type { ReactNode } from "react";
import type { HealthView } from "#lib/browser/admin/health.ts";
import { adminStrings } from "../_strings/admin.ts";
import { LinkButton } from "../_ui/button.tsx";
import { ago, dateTime, duration } from "../_ui/format.ts";
import { Alert, type Tone } from "../_ui/surfaces.tsx";
import { useNow } from "../_ui/use-now.ts";

type Notice = { tone: Tone; title: string; text?: ReactNode; action?: ReactNode };

/** What an operator should know before the figures: the worst first. Nothing, if all is well. */
export function Attention({ health }: { health: HealthView }) {
  const now = useNow();
  const notices = [
    ...databaseNotices(health),
    ...alarmNotices(health, now),
    ...engineNotices(health),
    ...overrideNotices(health),
  ];
  if (notices.length === 0) return null;
  return (
    <section aria-label={adminStrings.attention} className="space-y-3">
      {notices.map(({ tone, title, text, action }) => (
        <Alert key={title} tone={tone} title={title} action={action}>
          {text}
        </Alert>
      ))}
    </section>
  );
}

function databaseNotices({ databaseProblem, complete, ledger }: HealthView): Notice[] {
  const { waiting, parked, oldestSeconds } = ledger;
  const notices: Notice[] = [];
  if (databaseProblem !== null) {
    const text = `${databaseProblem} ${adminStrings.databaseText}`;
    notices.push({ tone: "bad", title: adminStrings.databaseTitle, text });
  }
  if (parked > 0)
    notices.push({ tone: "bad", title: adminStrings.parked(parked), text: adminStrings.parkedText });
  // What waits for less than some seconds is a batch that is about to be stored.
  if (waiting > 0 && oldestSeconds >= 10) {
    const text = adminStrings.waitingText(duration(oldestSeconds * 1_000));
    notices.push({ tone: "warn", title: adminStrings.waiting(waiting), text });
  }
  if (!complete) notices.push({ tone: "neutral", title: adminStrings.incomplete });
  return notices;
}

function alarmNotices({ providers }: HealthView, now: number): Notice[] {
  return providers.flatMap(({ id, alarms }) =>
    alarms.map(({ code, message, since, retriedAt, keyIndex }) => {
      const key = keyIndex === null ? "" : ` (${adminStrings.keyName(keyIndex)})`;
      return {
        tone: "bad" as const,
        title: `${adminStrings.alarmTitle(id, code)}${key}`,
        text: (
          <>
            {message}
            <span className="block text-muted">
              {adminStrings.alarmTimes(ago(since, now), dateTime(retriedAt))}
            </span>
          </>
        ),
      };
    }),
  );
}

function engineNotices({ engines, gone }: HealthView): Notice[] {
  const notices: Notice[] = [];
  if (engines === "sandbox") notices.push({ tone: "neutral", title: adminStrings.sandbox });
  if (engines === "none") notices.push({ tone: "bad", title: adminStrings.noEngines });
  for (const { engine, mode, near } of gone) {
    const names = near.length === 0 ? "" : ` ${adminStrings.goneNear(near.join(", "))}`;
    const text = `${adminStrings.goneText(mode)}${names}`;
    notices.push({ tone: "warn", title: adminStrings.goneTitle(engine), text });
  }
  return notices;
}

function overrideNotices({ activeOverrides }: HealthView): Notice[] {
  if (activeOverrides === 0) return [];
  const action = (
    <LinkButton size="sm" href="/admin/overrides">
      {adminStrings.seeOverrides}
    </LinkButton>
  );
  return [{ tone: "neutral", title: adminStrings.activeOverrides(activeOverrides), action }];
}
