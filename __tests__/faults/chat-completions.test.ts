import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { afterAll, beforeAll, describe, test } from "vitest";
import { startTestSupabase, type TestSupabase } from "../support/test-database.ts";
import { startTestGateway, type TestGateway } from "../support/test-gateway.ts";
import { playRow } from "./harness.ts";
import { openAiFront } from "./openai-front.ts";
import { TEST_AUTHORITY } from "./places.ts";
import type { FaultRow, Mode } from "./row.ts";
import { FAULTS } from "./table.ts";

setDefaultCACertificates([...getCACertificates("default"), TEST_AUTHORITY]);

const MODES: readonly Mode[] = ["streaming", "whole"];

let database: TestSupabase;
let gateway: TestGateway;
let userId: string;

beforeAll(async () => {
  database = await startTestSupabase();
  gateway = await startTestGateway({ database, settings: { ENABLE_OPENAI_PROXY: "true" } });
  userId = (await database.signUp()).userId;
}, 30_000);

afterAll(async () => {
  await gateway.stop();
  await database.stop();
});

describe.concurrent("chat completions survive", () => play(FAULTS.filter(({ heavy }) => heavy !== true)));
describe("chat completions survive, one at a time,", () =>
  play(FAULTS.filter(({ heavy }) => heavy === true)));

function play(rows: readonly FaultRow[]): void {
  for (const row of rows) {
    for (const mode of row.modes ?? MODES) {
      test(
        `row ${row.row}, ${mode}: ${row.name}`,
        () => playRow(row, mode, openAiFront(gateway.gateway, database, userId)),
        60_000,
      );
    }
  }
}
