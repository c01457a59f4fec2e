/** `skipped`: it could not be examined, or there is nothing to examine. */
export type Status = "ok" | "warn" | "fail" | "skipped";

/** What was examined. */
export type CheckId =
  | "node"
  | "files"
  | "variables"
  | "engines"
  | "keys"
  | "models"
  | "database"
  | "access"
  | "storage"
  | "clock"
  | "port"
  | "data"
  | "build"
  | "proxy";

/** One thing that is known about this installation. */
export type Finding = {
  check: CheckId;
  status: Status;
  message: string;
  /** What to do, in a sentence. */
  advice?: string;
};

/** A finding that needs nothing done. */
export function ok(check: CheckId, message: string): Finding {
  return { check, status: "ok", message };
}

/** A finding that may be meant. */
export function warn(check: CheckId, message: string, advice: string): Finding {
  return { check, status: "warn", message, advice };
}

/** A finding that keeps something from working. */
export function fail(check: CheckId, message: string, advice: string): Finding {
  return { check, status: "fail", message, advice };
}

/** A check that was not made. */
export function skipped(check: CheckId, message: string, advice?: string): Finding {
  return { check, status: "skipped", message, ...(advice === undefined ? {} : { advice }) };
}
