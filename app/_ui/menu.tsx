"use client";

import Link from "next/link";
import { type KeyboardEvent, type ReactNode, useEffect, useId, useRef, useState } from "react";
import { classes } from "./classes.ts";
import { Icon, type IconName } from "./icon.tsx";

export type MenuItem = {
  label: string;
  icon?: IconName;
  danger?: boolean;
  /** Marks the one that is chosen. */
  checked?: boolean;
  /** It is switched on and off, beside others: the list stays open. */
  isSwitch?: boolean;
} & ({ onSelect: () => void; href?: undefined } | { href: string; onSelect?: undefined });

type MenuProps = {
  label: string;
  icon?: IconName;
  /** What the button shows in place of an icon. */
  trigger?: ReactNode;
  items: readonly MenuItem[];
};

/** Pixels between the list and its button, and to the edges of the window. */
const GAP = 4;

const ITEM =
  "flex w-full items-center gap-2.5 rounded-md px-2.5 py-2 text-left text-sm hover:bg-panel focus-visible:bg-panel";

/** A button with a list of actions. Arrow keys move, Escape closes and returns to the button. */
export function Menu({ label, icon = "more", trigger, items }: MenuProps) {
  const [open, setOpen] = useState(false);
  const root = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  const id = useId();
  useClickOutside(root, open, () => setOpen(false));
  useEffect(() => {
    if (!open) return;
    place(root.current, button.current);
    entriesOf(root.current)[0]?.focus({ preventScroll: true });
  }, [open]);

  // The chosen entry goes away: the focus stays here, and comes back here from a dialog that it opens.
  const close = (): void => {
    setOpen(false);
    button.current?.focus();
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === "Escape") {
      event.stopPropagation();
      close();
    } else if (event.key === "Tab") setOpen(false);
    else moveFocus(root.current, event);
  };
  return (
    <div ref={root} className="relative">
      <button
        ref={button}
        type="button"
        aria-haspopup="menu"
        aria-expanded={open}
        aria-controls={open ? id : undefined}
        {...(trigger === undefined ? { "aria-label": label, title: label } : {})}
        onClick={() => setOpen(!open)}
        className="inline-flex min-h-8 min-w-8 items-center justify-center gap-1.5 rounded-lg px-1.5 text-sm text-muted hover:bg-panel hover:text-text"
      >
        {trigger ?? <Icon name={icon} />}
      </button>
      {open ? (
        <div
          id={id}
          role="menu"
          tabIndex={-1}
          onKeyDown={onKeyDown}
          aria-label={label}
          className="fixed z-30 min-w-44 rounded-xl border border-line bg-raised p-1 shadow-lg"
        >
          {items.map((item) => (
            <Entry key={item.label} item={item} close={close} />
          ))}
        </div>
      ) : null}
    </div>
  );
}

function Entry({ item, close }: { item: MenuItem; close: () => void }) {
  const { label, icon, danger = false, checked, isSwitch = false } = item;
  const className = classes(ITEM, danger && "text-bad");
  const content = (
    <>
      {icon === undefined ? null : <Icon name={icon} size={16} />}
      <span className="grow">{label}</span>
      {checked === true || isSwitch ? (
        <Icon name="check" size={16} className={checked === true ? "" : "invisible"} />
      ) : null}
    </>
  );
  if (item.href !== undefined) {
    return (
      <Link role="menuitem" prefetch={false} href={item.href} className={className} onClick={close}>
        {content}
      </Link>
    );
  }
  const select = (): void => {
    if (!isSwitch) close();
    item.onSelect();
  };
  if (checked === undefined) {
    return (
      <button type="button" role="menuitem" className={className} onClick={select}>
        {content}
      </button>
    );
  }
  return isSwitch ? (
    <button
      type="button"
      role="menuitemcheckbox"
      aria-checked={checked}
      className={className}
      onClick={select}
    >
      {content}
    </button>
  ) : (
    <button type="button" role="menuitemradio" aria-checked={checked} className={className} onClick={select}>
      {content}
    </button>
  );
}

/** Beside its button, and over whatever scrolls around that: a table would cut the list off. */
function place(root: HTMLElement | null, button: HTMLElement | null): void {
  const list = root?.querySelector<HTMLElement>('[role="menu"]');
  const at = button?.getBoundingClientRect();
  if (list == null || at === undefined) return;
  const fitsBelow = at.bottom + GAP + list.offsetHeight < innerHeight;
  const top = fitsBelow ? at.bottom + GAP : at.top - GAP - list.offsetHeight;
  const left = at.right - list.offsetWidth;
  list.style.top = `${Math.max(GAP, top)}px`;
  list.style.left = `${Math.max(GAP, Math.min(left, innerWidth - list.offsetWidth - GAP))}px`;
}

function entriesOf(root: HTMLElement | null): HTMLElement[] {
  return [...(root?.querySelectorAll<HTMLElement>('[role^="menuitem"]') ?? [])];
}

function moveFocus(root: HTMLElement | null, event: KeyboardEvent): void {
  const entries = entriesOf(root);
  const at = entries.findIndex((entry) => entry.contains(document.activeElement));
  const targets: Record<string, number> = {
    ArrowDown: at + 1,
    ArrowUp: at - 1,
    Home: 0,
    End: entries.length - 1,
  };
  const target = targets[event.key];
  if (target === undefined) return;
  event.preventDefault();
  entries.at(target % entries.length)?.focus();
}

function useClickOutside(root: { current: HTMLElement | null }, active: boolean, close: () => void): void {
  useEffect(() => {
    if (!active) return;
    const onPointer = (event: PointerEvent): void => {
      if (event.target instanceof Node && root.current?.contains(event.target) !== true) close();
    };
    document.addEventListener("pointerdown", onPointer);
    // The button moves away under the list.
    const onScroll = (event: Event): void => {
      if (event.target instanceof Node && event.target.contains(root.current)) close();
    };
    document.addEventListener("scroll", onScroll, true);
    return () => {
      document.removeEventListener("pointerdown", onPointer);
      document.removeEventListener("scroll", onScroll, true);
    };
  }, [root, active, close]);
}
