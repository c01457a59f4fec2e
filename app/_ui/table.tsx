import type { ComponentProps, ReactNode } from "react";
import { classes } from "./classes.ts";

type TableProps = {
  /** Read out to screen readers; the heading beside it says it to everybody else. */
  caption: string;
  head: readonly ReactNode[];
  /** Columns of numbers, from 0: they stand at the right. */
  numeric?: readonly number[];
  children: ReactNode;
};

/** A table that scrolls by itself on a narrow screen. */
export function Table({ caption, head, numeric = [], children }: TableProps) {
  return (
    <section aria-label={caption} className="relative -mx-5 overflow-x-auto px-5" tabIndex={0}>
      <table className="w-full border-collapse text-sm">
        <caption className="sr-only">{caption}</caption>
        <thead>
          <tr>
            {head.map((name, index) => (
              <th
                // Columns never change places.
                key={String(index)}
                scope="col"
                className={classes(
                  "border-b border-line py-2 pr-4 text-left font-medium whitespace-nowrap text-muted last:pr-0",
                  numeric.includes(index) && "text-right",
                )}
              >
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </section>
  );
}

export function Row({ children, ...rest }: ComponentProps<"tr">) {
  return (
    <tr {...rest} className="border-b border-line last:border-0 hover:bg-panel">
      {children}
    </tr>
  );
}

export function Cell({ numeric = false, className, ...rest }: ComponentProps<"td"> & { numeric?: boolean }) {
  return (
    <td
      {...rest}
      className={classes("py-2.5 pr-4 align-top last:pr-0", numeric && "text-right tabular-nums", className)}
    />
  );
}
