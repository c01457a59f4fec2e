import { existsSync, readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { misspeltVariables } from "#lib/server/env/misspelt-variables.ts";
import { readStages } from "../slow/dockerfile.ts";
import { startTestSupabase, type TestSupabase } from "../support/test-database.ts";
import { codeOf, readPages, tableOf } from "./pages.ts";

const read = (path: string): string => readFileSync(path, "utf8");
const page = (path: string) =>
  readPages().current.find((one) => one.path === path) ?? expect.fail(`There is no ${path}.`);
const blocks = (path: string, language: string): string[] =>
  [...read(path).matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].flatMap(([, found, text = ""]) =>
    found === language ? text : [],
  );
const withoutHead = (path: string): string => read(path).replace(/^(?:#.*\n)+/, "");

describe("samples that are files say what SELF-HOST says", () => {
  test.each([
    ["deploy/sarmalink.service", "ini"],
    ["deploy/nginx.conf", "nginx"],
  ])("%s", (path, language) => {
    expect(withoutHead(path)).toBe(blocks("docs/SELF-HOST.md", language)[0]);
  });

  test("both proxies pass streams on at once, and take the largest body", () => {
    expect(read("deploy/nginx.conf")).toMatch(/proxy_buffering off;[\s\S]*proxy_read_timeout 300s;/);
    expect(read("deploy/nginx.conf")).toContain("client_max_body_size 26m;");
    expect(read("deploy/Caddyfile")).toMatch(/max_size 26MB[\s\S]*flush_interval -1/);
  });
});

describe("containers", () => {
  const compose = parse(read("compose.yaml")) as {
    services: { gateway: Record<string, unknown> };
    volumes: Record<string, unknown>;
  };
  const image = readStages("Dockerfile").at(-1) ?? expect.fail("no stage");
  const of = (name: string): string[] =>
    image.instructions.filter((one) => one.name === name).map(({ rest }) => rest);

  test("compose knows the image's port and volume, and its proxy alone may call it", () => {
    const { ports, volumes, read_only: readOnly } = compose.services.gateway;
    expect(ports).toEqual([`127.0.0.1:3000:${of("EXPOSE")[0]}`]);
    expect(volumes).toEqual([`data:${of("VOLUME")[0]}`]);
    expect(readOnly).toBe(true);
    expect(Object.keys(compose.volumes)).toEqual(["data"]);
  });

  test("empty lines of .env.example, which count as unset, take nothing from the image", () => {
    const own = Object.fromEntries(
      (of("ENV")[0] ?? "").split(" ").map((pair) => pair.split("=") as [string, string]),
    );
    const { HOST, PORT, SARMALINK_DATA_DIR } = own;
    expect(compose.services.gateway["environment"]).toEqual({ HOST, PORT: Number(PORT), SARMALINK_DATA_DIR });
    expect(read("docs/DEPLOY.md")).toContain(`-e SARMALINK_DATA_DIR=${SARMALINK_DATA_DIR} `);
    expect(of("HEALTHCHECK")[0]).toContain("process.env.PORT || 3000");
  });

  test("the image runs without root and has a health check", () => {
    expect(of("USER")).toEqual(["node"]);
    expect(of("HEALTHCHECK")[0]).toContain("/api/health");
    expect(JSON.parse(of("CMD")[0] ?? "")).toEqual(["node", "lib/server/cli/start.ts"]);
  });
});

describe("Vercel", () => {
  const config = JSON.parse(read("vercel.json")) as {
    regions: string[];
    functions: Record<string, { maxDuration: number; supportsCancellation: boolean }>;
  };

  test("DEPLOY tells the limits of vercel.json", () => {
    const api = config.functions["app/api/**/*"];
    expect(read("docs/DEPLOY.md")).toContain(`\`maxDuration\` is ${api?.maxDuration} s`);
    expect(read("docs/DEPLOY.md")).toContain(`\`regions\` is \`${config.regions.join()}\``);
    expect(api?.supportsCancellation).toBe(true);
  });

  test("the button asks for variables that there are", () => {
    const [button = ""] = blocks("docs/DEPLOY.md", "markdown");
    const [, address = ""] = /\]\((https:\/\/vercel\.com\/new\/clone[^)]*)\)/.exec(button) ?? [];
    const names = new URL(address).searchParams.get("env")?.split(",") ?? [];
    expect(names.length).toBeGreaterThan(3);
    const example = read(".env.example");
    for (const name of names) expect(example).toMatch(new RegExp(`^${name}=$`, "m"));
  });
});

test(".env.example names every variable of ENV-MATRIX, once, empty, and no other", () => {
  const matrix = read("docs/ENV-MATRIX.md")
    .split("\n")
    .filter((line) => line.startsWith("| "))
    // Tables of fixed values name constants of the code, in their last column.
    .filter((line) => !/in `lib\//.test(line))
    .map((line) => line.split(/(?<!\\)\|/).slice(1, -1))
    // The table of providers has variables in three columns, all others in the first.
    .flatMap((cells) => cells.slice(0, cells.length === 4 ? 3 : 1))
    .flatMap((cell) => cell.match(/`[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*`/g) ?? [])
    .map((name) => name.slice(1, -1));
  const lines: readonly string[] = read(".env.example").match(/^[A-Z][A-Z0-9_]*(?==$)/gm) ?? [];
  const notSetByHand = ["NODE_ENV", "VERCEL"];
  const told = new Set(matrix.filter((name) => !notSetByHand.includes(name)));
  expect([...new Set(lines)].sort()).toEqual([...lines].sort());
  expect(lines.filter((name) => !read("docs/ENV-MATRIX.md").includes(`\`${name}\``))).toEqual([]);
  expect([...told].filter((name) => name.includes("_") && !lines.includes(name))).toEqual([]);
  expect(misspeltVariables(lines)).toEqual([]);
});

test("SETUP-AI tells every check of the doctor", () => {
  const checks = [...read("lib/server/doctor/finding.ts").matchAll(/^ {2}\| "(\w+)"/gm)].map(([, id]) => id);
  const told = tableOf(page("docs/SETUP-AI.md"), "Check", "What it looks at").map(([id = ""]) =>
    id.replaceAll("`", ""),
  );
  expect(told).toEqual(checks);
});

describe("the skill", () => {
  const skill = page(".claude/skills/sarmalink-setup/SKILL.md");

  test("has a name and a description that tell an agent when to use it", () => {
    const [, head = ""] = /^---\n([\s\S]*?)\n---\n/.exec(skill.text) ?? [];
    const { name, description } = parse(head) as { name: string; description: string };
    expect(name).toBe("sarmalink-setup");
    expect(description.length).toBeGreaterThan(50);
    expect(description.length).toBeLessThan(1_024);
  });

  test("names files that there are", () => {
    const named = [...skill.text.matchAll(/\b(?:docs|supabase)\/[\w./-]*\w/g)].map(([path]) => path);
    expect(named.length).toBeGreaterThan(5);
    expect(named.filter((path) => !existsSync(path))).toEqual([]);
    // Its commands, variables and routes are checked with those of all other pages.
    expect(codeOf(skill).some(({ text }) => text.startsWith("npm run doctor"))).toBe(true);
  });
});

describe("supabase/seed.sql", () => {
  let database: TestSupabase;
  beforeAll(async () => {
    database = await startTestSupabase();
  });
  afterAll(() => database.stop());
  const seed = read("supabase/seed.sql");

  test("runs also where there is no pg_cron, and again", async () => {
    await database.sql.unsafe(seed);
    await database.sql.unsafe(seed);
  });

  test("schedules what ADMIN and DATABASE tell to schedule, which runs", async () => {
    const jobs = (text: string): string[] =>
      [...text.matchAll(/cron\.schedule\(([\s\S]*?)\);$/gm)].map(([, job = ""]) => job.trim());
    const told = [read("docs/ADMIN.md"), read("docs/DATABASE.md")].flatMap(jobs);
    expect(jobs(seed).sort()).toEqual(told.sort());
    expect(told).toHaveLength(3);
    for (const job of told) {
      const [, quoted, dollars] = /, (?:'([^']*)'|\$\$([\s\S]*)\$\$)$/.exec(job) ?? [];
      await database.sql.unsafe(quoted ?? dollars ?? "");
    }
  });

  test("is the seed of config.toml, which lets links of e-mails lead to the callback", () => {
    const config = read("supabase/config.toml");
    expect(config).toMatch(/\[db\.seed\]\nenabled = true\nsql_paths = \["\.\/seed\.sql"\]/);
    expect(config).toMatch(/additional_redirect_urls = \["http:\/\/localhost:3000\/api\/auth\/callback"/);
  });
});
