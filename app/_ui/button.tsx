import Link from "next/link";
import type { ComponentProps } from "react";
import { classes } from "./classes.ts";
import { Icon, type IconName } from "./icon.tsx";

type Variant = "primary" | "secondary" | "ghost" | "danger";
type Size = "sm" | "md";

const VARIANTS: Readonly<Record<Variant, string>> = {
  primary: "bg-accent text-on-accent hover:opacity-90",
  secondary: "border border-line bg-raised hover:bg-panel",
  ghost: "text-muted hover:bg-panel hover:text-text",
  danger: "border border-line bg-raised text-bad hover:bg-bad-soft",
};
const SIZES: Readonly<Record<Size, string>> = {
  sm: "h-8 gap-1.5 px-2.5 text-sm",
  md: "h-10 gap-2 px-4 text-sm",
};
const BASE =
  "inline-flex shrink-0 items-center justify-center rounded-lg font-medium whitespace-nowrap transition-colors disabled:cursor-not-allowed disabled:opacity-50";

type Look = { variant?: Variant; size?: Size; icon?: IconName | undefined };

function look({ variant = "secondary", size = "md" }: Look, className?: string): string {
  return classes(BASE, VARIANTS[variant], SIZES[size], className);
}

type ButtonProps = ComponentProps<"button"> & Look & { busy?: boolean };

/** A button with words. While `busy` it cannot be pressed, and says so to screen readers. */
export function Button({ variant, size, icon, busy = false, className, children, ...rest }: ButtonProps) {
  return (
    <button
      type="button"
      {...rest}
      disabled={busy || rest.disabled}
      aria-busy={busy || undefined}
      className={look({ ...(variant && { variant }), ...(size && { size }) }, className)}
    >
      {icon === undefined ? null : <Icon name={icon} size={16} />}
      {children}
    </button>
  );
}

type IconLook = { label: string; icon: IconName; variant?: Variant; size?: Size };
type IconButtonProps = Omit<ComponentProps<"button">, "children"> & IconLook;

const SQUARES: Readonly<Record<Size, string>> = { sm: "size-8 pointer-coarse:size-10", md: "size-10" };

/** A button whose picture says it all; `label` is its name. */
export function IconButton({
  label,
  icon,
  variant = "ghost",
  size = "sm",
  className,
  ...rest
}: IconButtonProps) {
  return (
    <button
      type="button"
      title={label}
      aria-label={label}
      {...rest}
      className={classes(BASE, VARIANTS[variant], SQUARES[size], className)}
    >
      <Icon name={icon} size={size === "sm" ? 16 : 18} />
    </button>
  );
}

type IconLinkProps = Omit<ComponentProps<"a">, "children" | "className" | "href"> &
  Pick<IconLook, "label" | "icon"> & { href: string };

/** A link to a file, whose picture says it all; `label` is its name. */
export function IconLink({ label, icon, href, ...rest }: IconLinkProps) {
  return (
    <a
      href={href}
      title={label}
      aria-label={label}
      {...rest}
      className={classes(BASE, VARIANTS.ghost, SQUARES.sm)}
    >
      <Icon name={icon} size={16} />
    </a>
  );
}

type LinkButtonProps = ComponentProps<typeof Link> & Look;

/** A link that looks like a button. */
export function LinkButton({ variant, size, icon, className, children, ...rest }: LinkButtonProps) {
  return (
    <Link
      prefetch={false}
      {...rest}
      className={look({ ...(variant && { variant }), ...(size && { size }) }, className)}
    >
      {icon === undefined ? null : <Icon name={icon} size={16} />}
      {children}
    </Link>
  );
}
