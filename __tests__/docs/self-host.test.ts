import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { envSchema } from "#lib/server/env/env-schema.ts";
import { startTestSupabase, type TestSupabase } from "../support/test-database.ts";
import { createKey } from "../support/test-gateway.ts";

/** What the pages for operators tell to do is done here. */
const page = readFileSync("docs/SELF-HOST.md", "utf8");
const blocks = (language: string): string[] =>
  [...page.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].flatMap(([, found, text = ""]) =>
    found === language ? text : [],
  );

describe("the queries", () => {
  let database: TestSupabase;
  let prefix: string;
  beforeAll(async () => {
    database = await startTestSupabase();
    const { userId } = await database.signUp();
    const key = await createKey(database, userId, { usdPerMonth: 20 });
    prefix = key.slice(0, 17);
    const [row] = await database.sql`select id from public.gateway_keys where prefix = ${prefix}`;
    const keyId = String(row?.["id"]);
    await database.sql`
      insert into public.ai_chat_usage
        (id, user_id, key_id, tier, quota_day, model, backend, prompt_tokens, completion_tokens, cost_usd, status,
         settle_hash)
      values (gen_random_uuid(), ${userId}, ${keyId}, 'smart', now()::date, 'm', 'groq', 10, 5, 0.5, 'completed',
              sha256('x'))`;
    await database.sql`
      insert into public.gateway_key_spend (key_id, month, usd)
      values (${keyId}, date_trunc('month', now() at time zone 'UTC')::date, 0.5)`;
    await database.sql`
      insert into public.ai_events (request_id, user_id, event_type, model_id, backend, status, latency_ms)
      values (gen_random_uuid(), ${userId}, 'attempt', 'm', 'groq', 'rate_limited', 120)`;
  });
  afterAll(() => database.stop());

  test("run, and find what was spent and what failed", async () => {
    const [month, byKey, byUser, failed] = await Promise.all(
      blocks("sql").map((query) => database.sql.unsafe(query)),
    );
    expect(month?.[0]).toMatchObject({ tier: "smart", backend: "groq", turns: "1", usd: "0.5" });
    expect(byKey?.[0]).toMatchObject({ prefix, usd: "0.5", remaining: "19.5" });
    expect(byUser?.[0]).toMatchObject({ tokens: "15", usd: "0.5" });
    expect(failed?.[0]).toMatchObject({ status: "rate_limited", attempts: "1" });
  });
});

describe("the unit", () => {
  const [unit = ""] = blocks("ini");
  const hasSystemd = spawnSync("systemd-analyze", ["--version"]).status === 0;

  test("has an address, a data folder of its own and an owner", () => {
    expect(unit).toMatch(/^User=sarmalink$/m);
    expect(unit).toMatch(/^Environment=.*HOST=127\.0\.0\.1/m);
    expect(unit).toMatch(/^Environment=.*SARMALINK_DATA_DIR=\/var\/lib\/sarmalink/m);
    expect(unit).toMatch(/^StateDirectory=sarmalink$/m);
    expect(unit).not.toContain("MemoryDenyWriteExecute=true");
  });

  test("has a command for keys that runs as it does, with the same settings", () => {
    const command = blocks("sh").find((block) => block.includes("key.ts")) ?? "";
    const [, settings] = /^EnvironmentFile=(.+)$/m.exec(unit) ?? [];
    const [, folder] = /^WorkingDirectory=(.+)$/m.exec(unit) ?? [];
    const [, user] = /^User=(.+)$/m.exec(unit) ?? [];
    const [, node] = /^ExecStart=(\S+)/m.exec(unit) ?? [];
    const [, dataDir] = /(SARMALINK_DATA_DIR=\S+)/.exec(unit) ?? [];
    for (const part of [
      `-p EnvironmentFile=${settings}`,
      `-p WorkingDirectory=${folder}`,
      `--uid=${user}`,
      `-E ${dataDir}`,
      `${node} lib/server/cli/key.ts`,
    ])
      expect(command).toContain(part);
    // Nowhere is a key made with the data folder alone.
    expect(page).not.toMatch(/env SARMALINK_DATA_DIR=\S+ npm run key/);
  });

  test.runIf(hasSystemd)("is called OK by systemd", () => {
    const folder = mkdtempSync(join(tmpdir(), "sarmalink-unit-"));
    const file = join(folder, "sarmalink.service");
    writeFileSync(file, unit);
    const told = execFileSync("systemd-analyze", ["security", "--offline=true", "--no-pager", file], {
      encoding: "utf8",
    });
    const [, score] = /Overall exposure level for sarmalink\.service: ([\d.]+)/.exec(told) ?? [];
    expect(Number(score)).toBeLessThan(2);
    rmSync(folder, { recursive: true });
  });
});

test("nginx passes on who asked, for which host, and how", () => {
  const [nginx = ""] = blocks("nginx");
  for (const header of ["X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto"])
    expect(nginx).toMatch(new RegExp(`proxy_set_header ${header} \\$`));
});

test("every variable stands in ENV-MATRIX and in .env.example", () => {
  const matrix = readFileSync("docs/ENV-MATRIX.md", "utf8");
  const example = readFileSync(".env.example", "utf8");
  // Set by the command and by the platform.
  const own = new Set(["NODE_ENV", "VERCEL"]);
  for (const name of Object.keys(envSchema.shape)) {
    expect(matrix, name).toContain(`\`${name}\``);
    if (!own.has(name)) expect(example, name).toMatch(new RegExp(`^${name}=$`, "m"));
  }
});
