import type { ReactNode } from "react";
import { classes } from "./classes.ts";
import { Icon, type IconName } from "./icon.tsx";

type CardProps = { title?: ReactNode; actions?: ReactNode; className?: string; children: ReactNode };

/** A part of a page with a heading of its own. */
export function Card({ title, actions, className, children }: CardProps) {
  return (
    <section className={classes("min-w-0 rounded-xl border border-line bg-raised p-5", className)}>
      {title === undefined ? null : (
        <div className="mb-4 flex flex-wrap items-center justify-between gap-3">
          <h2 className="font-semibold">{title}</h2>
          {actions === undefined ? null : <div className="flex gap-2">{actions}</div>}
        </div>
      )}
      {children}
    </section>
  );
}

export type Tone = "neutral" | "accent" | "good" | "warn" | "bad";

const TONES: Readonly<Record<Tone, string>> = {
  neutral: "bg-panel text-muted",
  accent: "bg-accent-soft text-accent",
  good: "bg-good-soft text-good",
  warn: "bg-warn-soft text-warn",
  bad: "bg-bad-soft text-bad",
};

/** A state in a word or two. */
export function Badge({ tone = "neutral", children }: { tone?: Tone; children: ReactNode }) {
  return (
    <span
      className={classes(
        "inline-flex items-center gap-1 rounded-full px-2 py-0.5 text-xs font-medium whitespace-nowrap",
        TONES[tone],
      )}
    >
      {children}
    </span>
  );
}

const ALERT_ICONS: Readonly<Record<Tone, IconName>> = {
  neutral: "info",
  accent: "info",
  good: "check",
  warn: "warning",
  bad: "warning",
};

type AlertProps = { tone: Tone; title?: ReactNode; action?: ReactNode; children?: ReactNode };

/** Something that the reader should know now. A failure is announced at once. */
export function Alert({ tone, title, action, children }: AlertProps) {
  return (
    <div
      role={tone === "bad" ? "alert" : "status"}
      className={classes("flex flex-wrap items-start gap-3 rounded-xl p-4 text-sm", TONES[tone])}
    >
      <Icon name={ALERT_ICONS[tone]} className="mt-0.5" />
      <div className="min-w-0 grow basis-48">
        {title === undefined ? null : <p className="font-semibold">{title}</p>}
        {children === undefined ? null : <div className="wrap-anywhere text-text">{children}</div>}
      </div>
      {action}
    </div>
  );
}

/** One number with its name. */
export function Figure({ label, value, hint }: { label: string; value: ReactNode; hint?: ReactNode }) {
  return (
    <div className="min-w-0">
      <dt className="text-sm text-muted">{label}</dt>
      <dd className="mt-1 text-2xl font-semibold tracking-tight tabular-nums">{value}</dd>
      {hint === undefined ? null : <dd className="mt-1 text-sm text-muted">{hint}</dd>}
    </div>
  );
}
