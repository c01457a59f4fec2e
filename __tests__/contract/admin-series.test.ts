import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type AdminSeries, adminSeriesSchema } from "#lib/apis/native/admin-series-answer-schema.ts";
import { apiClient } from "../support/api-client.ts";
import { answers, type FakeUpstream, startFakeUpstream } from "../support/fake-upstream.ts";
import { startTestSupabase, type TestSupabase, type TestUser } from "../support/test-database.ts";
import { startTestGateway, type TestGateway } from "../support/test-gateway.ts";

let database: TestSupabase;
let admin: TestUser;
let broken: FakeUpstream;
let well: FakeUpstream;
let gateway: TestGateway;

beforeAll(async () => {
  broken = await startFakeUpstream((exchange) => exchange.json(500, { error: { message: "broken" } }));
  well = await startFakeUpstream(answers("Hi."));
  database = await startTestSupabase();
  admin = await database.signUp();
  const one = { provider: "one", model: "m" };
  const two = { provider: "two", model: "m" };
  const chain = { failover: [two] };
  const config = {
    providers: [
      { id: "one", baseUrl: `${broken.origin}/v1` },
      { id: "two", baseUrl: `${well.origin}/v1` },
    ],
    modes: {
      ...{ smart: { failover: [one, two] }, fast: chain, coder: { failover: [one] } },
      ...{ reasoner: chain, live: chain, vision: chain },
    },
  };
  gateway = await startTestGateway({
    database,
    settings: {
      ...{ MODELS_CONFIG: JSON.stringify(config), ADMIN_USER_IDS: admin.userId, ENABLE_MEMORY: "off" },
    },
  });
});
afterAll(async () => {
  await gateway.stop();
  await database.stop();
  await broken.stop();
  await well.stop();
});

const call = apiClient(() => gateway.gateway);
async function read(path: string): Promise<Record<string, unknown>> {
  const { status, body } = await call("GET", path, admin.accessToken);
  expect(status).toBe(200);
  return body as Record<string, unknown>;
}

test("a day through the real routes, in every window, as health has it", async () => {
  for (const model of ["fast", "smart", "coder"]) {
    await gateway.ask(admin.accessToken, { message: `Hi ${randomUUID()}`, model });
    await gateway.settled();
  }
  for (const window of ["1h", "24h", "7d", "30d"]) {
    const body = await read(`/api/admin/series?window=${window}`);
    // Nothing that is not documented.
    expect(adminSeriesSchema.parse(body)).toEqual(body);
    const { buckets, spend, bucketSeconds, from, to } = body as AdminSeries;
    expect((Date.parse(to) - Date.parse(from)) / bucketSeconds / 1_000).toBeLessThan(31);
    const sum = (name: "answered" | "rescued" | "failed"): number =>
      buckets.reduce((total, { turns }) => total + turns[name], 0);
    expect([sum("answered"), sum("rescued"), sum("failed")]).toEqual([1, 1, 1]);
    expect(buckets.every(({ end }, index) => end === (buckets[index + 1]?.start ?? to))).toBe(true);
    expect(spend).toMatchObject([{ provider: "two", model: "m", calls: 2, costUsd: 0 }]);

    const health = await read(`/api/admin/health?window=${window}`);
    const statuses = (health["modes"] as { statuses: Record<string, number> }[]).map((mode) => mode.statuses);
    const counted = (status: string): number =>
      statuses.reduce((total, mode) => total + (mode[status] ?? 0), 0);
    expect([counted("completed"), counted("failed")]).toEqual([
      sum("answered") + sum("rescued"),
      sum("failed"),
    ]);
  }
});

test("a day is the default, and other windows are refused", async () => {
  expect(await read("/api/admin/series")).toMatchObject({ window: "24h", bucketSeconds: 3_600 });
  for (const query of ["?window=90m", "?window=", "?bucket=60"])
    expect((await call("GET", `/api/admin/series${query}`, admin.accessToken)).status, query).toBe(400);
});
