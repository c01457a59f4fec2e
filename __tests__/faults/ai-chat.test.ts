import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { afterAll, beforeAll, describe, test } from "vitest";
import { startTestSupabase, type TestSupabase } from "../support/test-database.ts";
import { startTestGateway, type TestGateway } from "../support/test-gateway.ts";
import { playRow } from "./harness.ts";
import { isNative, nativeFront } from "./native-front.ts";
import { TEST_AUTHORITY } from "./places.ts";
import type { FaultRow } from "./row.ts";
import { FAULTS } from "./table.ts";

setDefaultCACertificates([...getCACertificates("default"), TEST_AUTHORITY]);

let database: TestSupabase;
let gateway: TestGateway;
let accessToken: string;

beforeAll(async () => {
  database = await startTestSupabase();
  gateway = await startTestGateway({ database });
  accessToken = (await database.signUp()).accessToken;
}, 30_000);

afterAll(async () => {
  await gateway.stop();
  await database.stop();
});

const rows = FAULTS.filter((row) => isNative(row) && (row.modes ?? ["streaming"]).includes("streaming"));

describe.concurrent("native chat survives", () => play(rows.filter(({ heavy }) => heavy !== true)));
describe("native chat survives, one at a time,", () => play(rows.filter(({ heavy }) => heavy === true)));

function play(some: readonly FaultRow[]): void {
  for (const row of some) {
    test(
      `row ${row.row}: ${row.name}`,
      () => playRow(row, "streaming", nativeFront(gateway.gateway, database, accessToken)),
      60_000,
    );
  }
}
