import { type ComponentProps, type ReactNode, useId } from "react";
import { classes } from "./classes.ts";

const CONTROL =
  "w-full rounded-lg border border-strong-line bg-raised px-3 text-base sm:text-sm placeholder:text-muted aria-invalid:border-bad disabled:opacity-60";

type Texts = { label: string; hint?: string | undefined; error?: string | undefined };

/** Label, control, hint and error, tied together for screen readers. */
function Field({
  texts: { label, hint, error },
  id,
  children,
}: {
  texts: Texts;
  id: string;
  children: ReactNode;
}) {
  return (
    <div className="flex flex-col gap-1.5">
      <label htmlFor={id} className="text-sm font-medium">
        {label}
      </label>
      {children}
      {hint === undefined ? null : (
        <p id={`${id}-hint`} className="text-sm text-muted">
          {hint}
        </p>
      )}
      {error === undefined ? null : (
        <p id={`${id}-error`} role="alert" className="text-sm text-bad">
          {error}
        </p>
      )}
    </div>
  );
}

function describedBy(id: string, { hint, error }: Texts): Record<string, unknown> {
  const ids = [hint === undefined ? "" : `${id}-hint`, error === undefined ? "" : `${id}-error`];
  const described = ids.filter(Boolean).join(" ");
  return {
    id,
    ...(described === "" ? {} : { "aria-describedby": described }),
    ...(error === undefined ? {} : { "aria-invalid": true }),
  };
}

export function TextField({ label, hint, error, className, ...rest }: ComponentProps<"input"> & Texts) {
  const id = useId();
  const texts = { label, hint, error };
  return (
    <Field texts={texts} id={id}>
      <input
        type="text"
        {...rest}
        {...describedBy(id, texts)}
        className={classes(CONTROL, "h-10", className)}
      />
    </Field>
  );
}

export function TextArea({ label, hint, error, className, ...rest }: ComponentProps<"textarea"> & Texts) {
  const id = useId();
  const texts = { label, hint, error };
  return (
    <Field texts={texts} id={id}>
      <textarea
        rows={3}
        {...rest}
        {...describedBy(id, texts)}
        className={classes(CONTROL, "py-2", className)}
      />
    </Field>
  );
}

type Option = { value: string; label: string };

export function SelectField({
  label,
  hint,
  error,
  options,
  className,
  ...rest
}: ComponentProps<"select"> & Texts & { options: readonly Option[] }) {
  const id = useId();
  const texts = { label, hint, error };
  return (
    <Field texts={texts} id={id}>
      <select {...rest} {...describedBy(id, texts)} className={classes(CONTROL, "h-10", className)}>
        {options.map(({ value, label: text }) => (
          <option key={value} value={value}>
            {text}
          </option>
        ))}
      </select>
    </Field>
  );
}

export function CheckboxField({
  label,
  hint,
  className,
  ...rest
}: Omit<ComponentProps<"input">, "type"> & Omit<Texts, "error">) {
  const id = useId();
  return (
    <div className={classes("flex gap-2.5", className)}>
      <input
        type="checkbox"
        {...rest}
        {...describedBy(id, { label, hint })}
        className="mt-0.5 size-4 accent-accent"
      />
      <div className="text-sm">
        <label htmlFor={id} className="font-medium">
          {label}
        </label>
        {hint === undefined ? null : (
          <p id={`${id}-hint`} className="text-muted">
            {hint}
          </p>
        )}
      </div>
    </div>
  );
}
