import { AFTER_FIRST_CONTENT } from "./after-first-content.ts";
import { BEFORE_FIRST_CONTENT } from "./before-first-content.ts";
import { CLIENT } from "./client.ts";
import type { FaultRow } from "./row.ts";
import { WIRE } from "./wire.ts";

/** Every fault that a gateway must survive, as data: rows 1 to 31, in their variants. */
export const FAULTS: readonly FaultRow[] = [
  ...BEFORE_FIRST_CONTENT,
  ...AFTER_FIRST_CONTENT,
  ...WIRE,
  ...CLIENT,
];
