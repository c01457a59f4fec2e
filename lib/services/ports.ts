/** Log entries for the operator. Fields hold no keys and no message text. */
export type LogFields = Readonly<Record<string, string | number | boolean | null | undefined>>;

export type Logger = {
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  /** `cause` is logged in full, redacted. */
  error(message: string, cause: unknown, fields?: LogFields): void;
};

/** Registers work that goes on after the answer: the platform must not freeze the process before it is done. */
export type WaitUntil = (work: Promise<void>) => void;
