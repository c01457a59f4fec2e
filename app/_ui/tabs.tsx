"use client";

import type { KeyboardEvent } from "react";
import { classes } from "./classes.ts";

type Item<Id extends string> = { id: Id; label: string };

type TabsProps<Id extends string> = {
  label: string;
  items: readonly Item<Id>[];
  value: Id;
  onChange: (id: Id) => void;
};

/** One of several views. Arrow keys choose; the chosen one alone is in the order of Tab. */
export function Tabs<Id extends string>({ label, items, value, onChange }: TabsProps<Id>) {
  const onKeyDown = (event: KeyboardEvent<HTMLDivElement>): void => {
    const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    if (step === 0) return;
    event.preventDefault();
    const at = items.findIndex(({ id }) => id === value);
    const next = items.at((at + step) % items.length);
    if (next === undefined) return;
    onChange(next.id);
    event.currentTarget.querySelectorAll<HTMLElement>("[role=tab]")[items.indexOf(next)]?.focus();
  };
  return (
    <div
      role="tablist"
      aria-label={label}
      onKeyDown={onKeyDown}
      className="flex gap-1 overflow-x-auto rounded-lg bg-panel p-1"
    >
      {items.map(({ id, label: text }) => (
        <button
          key={id}
          type="button"
          role="tab"
          aria-selected={id === value}
          tabIndex={id === value ? 0 : -1}
          onClick={() => onChange(id)}
          className={classes(
            "rounded-md px-3 py-1.5 text-sm font-medium whitespace-nowrap",
            id === value ? "bg-raised text-text shadow-sm" : "text-muted hover:text-text",
          )}
        >
          {text}
        </button>
      ))}
    </div>
  );
}
