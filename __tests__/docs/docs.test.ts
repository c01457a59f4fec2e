import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { describe, expect, test } from "vitest";
import { parseModelsConfig } from "#lib/providers/catalogue/models-config.ts";
import { FAILURE_POLICY, type FailureKind } from "#lib/providers/failures/failure.ts";
import { EngineHealth } from "#lib/providers/health/engine-health.ts";
import { credentialVariables } from "#lib/providers/vendors/credentials.ts";
import { PROVIDERS } from "#lib/providers/vendors/providers.ts";
import { readEnv } from "#lib/server/env/env.ts";
import { envSchema } from "#lib/server/env/env-schema.ts";
import { API } from "#lib/server/routes/api-routes.ts";
import { ERROR_STATUS } from "#lib/shared/errors.ts";
import { agentEventSchema } from "#lib/streaming/agent-events.ts";
import { nativeEventSchema } from "#lib/streaming/events.ts";
import { rankOf, roomOf } from "../architecture/rooms.ts";
import { keysOf } from "../support/engines.ts";
import { FakeClock } from "../support/fake-clock.ts";
import {
  anchorsOf,
  type CodeSpan,
  codeOf,
  linksOf,
  numberOf,
  type Page,
  readPages,
  tableOf,
} from "./pages.ts";

const { current, historical } = readPages();
const page = (path: string): Page => {
  const found = current.find((one) => one.path === path);
  if (found === undefined) throw new Error(`There is no ${path}.`);
  return found;
};
const code: CodeSpan[] = current.flatMap(codeOf);
const read = (pattern: string): string =>
  globSync(pattern)
    .map((path) => readFileSync(path, "utf8"))
    .join("\n");
const unquoted = (cell = ""): string => cell.replaceAll("`", "");

/** `place what` of every match of a pattern in code that is not known. */
function unknown(pattern: RegExp, isKnown: (match: string) => boolean): string[] {
  return code.flatMap(({ place, text }) =>
    [...text.matchAll(pattern)]
      .map(([match]) => match)
      .filter((match) => !isKnown(match))
      .map((match) => `${place} ${match}`),
  );
}

describe("what the docs name exists", () => {
  test("every relative link leads to a file, and to a heading of it", () => {
    const anchors = new Map([...current, ...historical].map((one) => [one.path, anchorsOf(one)]));
    const broken = [...current, ...historical].flatMap((one) =>
      linksOf(one).flatMap(({ place, target, anchor }) => {
        const path = target === "" ? one.path : normalize(join(dirname(one.path), target)).replace(/\/$/, "");
        if (!existsSync(path)) return [`${place} ${target}`];
        const headings = anchors.get(path);
        return anchor === undefined || headings === undefined || headings.has(anchor)
          ? []
          : [`${place} ${target}#${anchor}`];
      }),
    );
    expect(broken).toEqual([]);
  });

  test("every picture", () => {
    const pictures = current.flatMap(({ text }) =>
      [...text.matchAll(/(?:src|srcset)="([^"]+)"/g)].map(([, path = ""]) => path),
    );
    expect(pictures.length).toBeGreaterThan(2);
    expect(pictures.filter((path) => !existsSync(path))).toEqual([]);
  });

  test("every path of the repository", () => {
    const paths = /(?<![\w./-])(?:lib|app|__tests__|supabase|docs|bin|examples|\.ci)\/[\w.[\]/-]*\w/g;
    const isThere = (path: string): boolean => existsSync(path) || existsSync(path.replace(/\/[^/]*$/, ""));
    expect(unknown(paths, (path) => (/\.\w+$/.test(path) ? existsSync(path) : isThere(path)))).toEqual([]);
  });

  test("every script of package.json", () => {
    const { scripts } = JSON.parse(readFileSync("package.json", "utf8")) as { scripts: object };
    const named = unknown(/npm run [\w:-]+/g, (command) =>
      Object.hasOwn(scripts, command.replace("npm run ", "")),
    );
    expect(named).toEqual([]);
  });

  test("every route", () => {
    const patterns = API.routes.map(
      ({ path }) => new RegExp(`^${path.replace(/\[\.\.\.\w+\]/g, ".+").replace(/\[\w+\]/g, "[^/]+")}$`),
    );
    const bases = ["/api", "/api/v1"];
    const isKnown = (path: string): boolean =>
      bases.includes(path) || patterns.some((pattern) => pattern.test(path));
    const named = /(?<![\w.\]}-])\/api(?:\/[\w.{}[\]-]+)*/g;
    expect(unknown(named, (path) => isKnown(path) || NO_ROUTES.includes(path))).toEqual([]);
  });

  test("every variable", () => {
    const own = Object.keys(envSchema.shape);
    const ofProviders = PROVIDERS.flatMap(({ credentials, baseUrlEnv }) => [
      ...credentialVariables(credentials),
      baseUrlEnv,
    ]);
    const known = new Set([
      ...own,
      ...ofProviders,
      "ANTHROPIC_VERSION",
      "PAID_PROVIDERS",
      ...OTHER_VARIABLES,
    ]);
    const source = read("{lib,__tests__}/**/*.ts");
    const isKnown = (name: string): boolean =>
      known.has(name.replace(/_\d+$/, "")) || new RegExp(`const ${name}\\b`).test(source);
    expect(unknown(/\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\b/g, isKnown)).toEqual([]);
  });

  test("every table and function of the database", () => {
    const sql = read("supabase/migrations/*.sql");
    const named = [page("docs/DATABASE.md"), page("docs/SECURITY.md")]
      .flatMap(codeOf)
      .flatMap(({ place, text }) =>
        [...text.matchAll(/(?<![\w-])(?:ai|manus|gateway|sarmalink)_[a-z_]+\b/g)]
          // Postgres names the index of a primary key after its table.
          .filter(([name]) => !new RegExp(`\\b${name.replace(/_pkey$/, "")}\\b`).test(sql))
          .map(([name]) => `${place} ${name}`),
      );
    expect(named).toEqual([]);
  });

  test("every name of ours in ARCHITECTURE and CONTRIBUTING", () => {
    const source = read("{lib,app,__tests__}/**/*.{ts,tsx}");
    const known = new Set(source.match(/[A-Za-z_$][\w$]*/g));
    const missing = [page("docs/ARCHITECTURE.md"), page("docs/CONTRIBUTING.md")].flatMap((one) =>
      codeOf(one).flatMap(({ place, text }) =>
        text !== "sequenceDiagram" &&
        /^[A-Za-z_$][\w$]*(?:\(\))?$/.test(text) &&
        !known.has(text.replace("()", ""))
          ? [`${place} ${text}`]
          : [],
      ),
    );
    expect(missing).toEqual([]);
  });
});

/** Addresses of other servers, and what is told not to exist. */
const NO_ROUTES: readonly string[] = [
  // Of rag-over-pdf and of receipt-scanner.
  "/api/chat",
  "/api/scan",
];

/** Variables of clients, of the system, of examples and of our own development scripts. */
const OTHER_VARIABLES: readonly string[] = [
  "ACME_API_KEY",
  "ACME_BASE_URL",
  "ANTHROPIC_API_KEY",
  "ANTHROPIC_AUTH_TOKEN",
  "ANTHROPIC_MODEL",
  "BENCH_HOLD_MS",
  "BENCH_LEAVING",
  "BENCH_TURNS",
  "BENCH_RUNS",
  "BENCH_STREAMS",
  "BENCH_TABLES",
  "CLAUDE_CODE_ENABLE_GATEWAY_MODEL_DISCOVERY",
  // A misspelt name, which the doctor finds.
  "GROK_API_KEY",
  "MY_VLLM_KEY",
  "TICKETS_TOKEN",
  "WAREHOUSE_KEY",
  "NEXT_TELEMETRY_DISABLED",
  "PROPERTY_SEED",
  // Read by pages alone, in lib/public-env.ts.
  "NEXT_PUBLIC_APP_NAME",
  "NEXT_PUBLIC_COMPANY_NAME",
  "NEXT_PUBLIC_ACCENT_COLOR",
  "NEXT_PUBLIC_LOGO_PATH",
  "NEXT_PUBLIC_MANUS_INVITE_CODE",
  // An example of a name that must not hold a secret.
  "NEXT_PUBLIC_PASSWORD_MIN_LENGTH",
  // Stands for any key variable.
  "NAME",
  "SARMALINK_API_KEY",
  "SARMALINK_KEY",
  "SARMALINK_URL",
  // Of curl examples, and of Supabase's own integrations.
  "SUPABASE_ANON_KEY",
  "SUPABASE_URL",
  // Words of systemd and of OpenSSL.
  "AF_INET",
  "AF_INET6",
  "AF_NETLINK",
  "AF_UNIX",
  "CERT_HAS_EXPIRED",
];

test("every example of MODELS_CONFIG can be used", async () => {
  const examples = current.flatMap(({ path, text }) =>
    [...text.matchAll(/^```yaml\n([\s\S]*?)^```$/gm)]
      .map(([, example = ""]) => ({ path, example }))
      .filter(({ example }) => example.includes("extends: default")),
  );
  expect(new Set(examples.map(({ path }) => path))).toEqual(
    new Set(["docs/ENV-MATRIX.md", "docs/MAKE-IT-YOURS.md"]),
  );
  for (const { path, example } of examples) await parseModelsConfig(example, path);
});

describe("tables that mirror code say what it says", () => {
  test("error codes and their statuses, in HOW-IT-WORKS", () => {
    const rows = tableOf(page("docs/HOW-IT-WORKS.md"), "Code", "Status");
    const told = Object.fromEntries(rows.map(([name, status]) => [unquoted(name), Number(status)]));
    expect(told).toEqual(ERROR_STATUS);
  });

  test("native events and their fields, in HOW-IT-WORKS", () => {
    const rows = tableOf(page("docs/HOW-IT-WORKS.md"), "`type`", "Fields");
    const told = Object.fromEntries(
      rows.map(([type, fields = ""]) => [
        unquoted(type),
        [...fields.matchAll(/`(\w+)\??(?::[^`]*)?`/g)].map(([, name]) => name).sort(),
      ]),
    );
    const real = Object.fromEntries(
      nativeEventSchema.options.map(({ shape: { type, ...fields } }) => [
        type.value,
        Object.keys(fields).sort(),
      ]),
    );
    expect(told).toEqual(real);
  });

  test("events of the agent and their fields, in AGENT", () => {
    const rows = tableOf(page("docs/AGENT.md"), "`type`", "Fields");
    const told = rows.map(([type, fields = ""]) => [
      unquoted(type),
      ...[...fields.matchAll(/`(\w+\??)`/g)].map(([, name]) => name),
    ]);
    const real = agentEventSchema.options.map(({ shape: { type, ...fields } }) => [
      type.value,
      ...Object.entries(fields).map(([name, field]) => (field.isOptional() ? `${name}?` : name)),
    ]);
    expect(told.sort()).toEqual(real.map(([type = "", ...fields]) => [type, ...fields]).sort());
  });

  const failures = (): string[][] => tableOf(page("docs/FAILOVER.md"), "Kind", "Cause");

  test("kinds of failure and what they mean, in FAILOVER", () => {
    const told = Object.fromEntries(
      failures().map(([kind, , next = "", bench = "", breaker = "", refusal = ""]) => [
        unquoted(kind),
        {
          next: next.startsWith("key") ? "key" : next.startsWith("none") ? "answer" : "engine",
          bench: /^[a-z ]*/.exec(bench)?.[0].trim() || "none",
          isDead: /dead/.test(bench),
          breaker: breaker === "" ? "none" : breaker,
          refusal: refusal !== "",
        },
      ]),
    );
    const real = Object.fromEntries(
      Object.entries(FAILURE_POLICY).map(([kind, { next, bench, breaker, refusal }]) => [
        kind,
        {
          next,
          bench: { key_and_model: "key with model", dead_model: "model" }[String(bench)] ?? bench,
          isDead: bench === "dead_model",
          breaker,
          refusal,
        },
      ]),
    );
    expect(told).toEqual(real);
  });

  test("how long each kind of failure benches, in FAILOVER", () => {
    const told = Object.fromEntries(
      failures().map(([kind, , , bench = ""]) => [
        unquoted(kind),
        numberOf(/\d[\d ]*(?:s|min|h)\b/.exec(bench)?.[0] ?? "0 s"),
      ]),
    );
    const real = Object.fromEntries(
      Object.keys(FAILURE_POLICY).map((kind) => [kind, benchedForMs(kind as FailureKind)]),
    );
    expect(told).toEqual(real);
  });

  test("numbers that are constants of the code, wherever a table names the constant", () => {
    const rows = current.flatMap((one) =>
      one.text.split("\n").flatMap((line, index) => {
        const named = /^\|[^|]*\|([^|]+)\|.*`([A-Z][A-Z0-9_]+)` in `(lib\/[\w./-]+)`/.exec(line);
        if (named === null) return [];
        const [, value = "", name = "", file = ""] = named;
        return [{ place: `${one.path}:${index + 1}`, told: numberOf(value), real: constantOf(file, name) }];
      }),
    );
    expect(rows.length).toBeGreaterThan(15);
    expect(rows.filter(({ told, real }) => told !== real)).toEqual([]);
  });

  test("first-content time-outs of providers, in ENV-MATRIX", () => {
    const told = Object.fromEntries(
      tableOf(page("docs/ENV-MATRIX.md"), "Provider with a first-content time-out of its own").map(
        ([id = "", value = ""]) => [unquoted(id), numberOf(value)],
      ),
    );
    const real = PROVIDERS.flatMap(({ id, firstTokenTimeoutMs }) =>
      firstTokenTimeoutMs === undefined ? [] : [[id, firstTokenTimeoutMs]],
    );
    expect(told).toEqual(Object.fromEntries(real));
  });

  test("rooms and their order, in ARCHITECTURE", () => {
    const rooms = tableOf(page("docs/ARCHITECTURE.md"), "Rank", "Room").map(([rank = "", room = ""]) => ({
      rank: Number(rank),
      room: unquoted(room),
    }));
    expect(rooms.map(({ rank, room }) => [room, rank])).toEqual(
      rooms.map(({ room }) => [room, rankOf(room) + 1]),
    );
    const told = new Set(rooms.map(({ room }) => room));
    const files = globSync("{lib,app}/**/*.{ts,tsx}");
    expect(files.filter((path) => !told.has(roomOf(path) ?? ""))).toEqual([]);
  });

  test("every variable has its row in ENV-MATRIX and its line in .env.example, and none is told that is not read", () => {
    const ours = [
      ...Object.keys(envSchema.shape),
      ...PROVIDERS.flatMap(({ credentials, baseUrlEnv }) =>
        [...credentialVariables(credentials), baseUrlEnv ?? []].flat(),
      ),
    ].filter((name) => !NOT_SET_BY_HAND.includes(name));
    const namedIn = (path: string): string[] =>
      ours.filter((name) => !new RegExp(`\\b${name}\\b`).test(page(path).text));
    expect(namedIn("docs/ENV-MATRIX.md")).toEqual([]);
    expect(namedIn(".env.example")).toEqual([]);
  });

  test("defaults in ENV-MATRIX are those of the code", () => {
    const defaults = readEnv({}) as Record<string, unknown>;
    const rows = page("docs/ENV-MATRIX.md")
      .text.split("\n")
      .filter((line) => line.startsWith("| `"))
      .map((line) => line.split(/(?<!\\)\|/).map((cell) => cell.trim()));
    const wrong = rows.flatMap(([, name = "", standard = ""]) => {
      const value = defaults[unquoted(name)];
      // A number in the code is a number in the table, so that no default is told in other words.
      const isNumber = typeof value === "number";
      const plain = { on: "true", off: "false" }[standard] ?? standard;
      const told = /^`?(\d[\d ,_]*|true|false)`?$/.exec(plain)?.[1]?.replace(/[ ,_]/g, "");
      if ((told === undefined && !isNumber) || value === undefined || typeof value === "object") return [];
      return String(value) === told ? [] : [`${name} ${standard}: ${String(value)}`];
    });
    expect(wrong).toEqual([]);
  });
});

/** How long an engine with the only key of its provider is left alone after one failure of this kind, without a hint. */
function benchedForMs(kind: FailureKind): number {
  const clock = new FakeClock();
  const health = new EngineHealth(clock);
  const engine = { provider: { id: "groq" }, model: "llama", origin: "https://a.example", keys: keysOf("k") };
  health.acquire(engine, 0)?.failed({ kind, reason: "x" });
  return Math.max(0, health.releaseAt(engine, 0) - clock.now());
}

/** The number that a file gives a constant: a literal, or a product of literals. */
function constantOf(file: string, name: string): number | undefined {
  const value = new RegExp(`\\bconst ${name} = ([\\d_* ]+);`).exec(readFileSync(file, "utf8"))?.[1];
  return value
    ?.replaceAll("_", "")
    .split("*")
    .reduce((product, factor) => product * Number(factor), 1);
}

/** What platforms set. */
const NOT_SET_BY_HAND: readonly string[] = ["NODE_ENV", "VERCEL", "VERCEL_URL"];
