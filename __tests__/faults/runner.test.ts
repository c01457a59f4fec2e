import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { describe, test } from "vitest";
import { runnerFront } from "./front.ts";
import { playRow } from "./harness.ts";
import { TEST_AUTHORITY } from "./places.ts";
import type { FaultRow, Mode } from "./row.ts";
import { FAULTS } from "./table.ts";

setDefaultCACertificates([...getCACertificates("default"), TEST_AUTHORITY]);

const MODES: readonly Mode[] = ["streaming", "whole"];

const light = FAULTS.filter(({ heavy }) => heavy !== true);
const heavy = FAULTS.filter((row) => row.heavy === true);

describe.concurrent("the runner survives", () => play(light));
describe("the runner survives, one at a time,", () => play(heavy));

function play(rows: readonly FaultRow[]): void {
  for (const row of rows) {
    for (const mode of row.modes ?? MODES) {
      test(`row ${row.row}, ${mode}: ${row.name}`, () => playRow(row, mode, runnerFront));
    }
  }
}
