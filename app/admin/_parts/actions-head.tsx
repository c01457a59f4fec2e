import { adminStrings } from "../../_strings/admin.ts";

/** The head of a column of buttons, which speak for themselves. */
export function ActionsHead() {
  return <span className="sr-only">{adminStrings.actions}</span>;
}
