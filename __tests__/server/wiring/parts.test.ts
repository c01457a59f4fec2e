import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { readEnv } from "#lib/server/env/env.ts";
import { createGateway, type Gateway } from "#lib/server/wiring/gateway.ts";
import { MAKERS } from "#lib/server/wiring/parts.ts";
import { eventually } from "../../support/test-gateway.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "sarmalink-parts-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const env = (more: Record<string, string> = {}) =>
  readEnv({
    // Nobody listens there: no part asks the database when it is made.
    NEXT_PUBLIC_SUPABASE_URL: "http://127.0.0.1:9",
    NEXT_PUBLIC_SUPABASE_ANON_KEY: "anon",
    SARMALINK_DATA_DIR: folder,
    ...more,
  });

/** The makers, and the names of those that were called. */
function counted(): { made: string[]; makers: typeof MAKERS } {
  const made: string[] = [];
  const makers = Object.fromEntries(
    Object.entries(MAKERS).map(([name, make]) => [
      name,
      (...parts: never[]) => {
        made.push(name);
        return Reflect.apply(make, undefined, parts);
      },
    ]),
  );
  return { made, makers: { ...MAKERS, ...makers } };
}

describe("the parts of a gateway", () => {
  test("are made when they are first used, and once", async () => {
    const { made, makers } = counted();
    const gateway = await createGateway(env(), () => undefined, makers);
    // A start opens the ledger, whose journal may hold turns of a process that died, and begins to share health.
    const atStart = [
      "createDatabase",
      "createEngineHealth",
      "createLedger",
      "createLedgerMaintenance",
      "createShared",
    ];
    expect(made.sort()).toEqual(atStart);
    expect(gateway.chat).toBe(gateway.chat);
    expect(gateway.authenticator).toBe(gateway.authenticator);
    expect(made.slice(atStart.length).sort()).toEqual([
      "createChat",
      "createEngines",
      "createFiles",
      "createIdentity",
      "createLiveTools",
      "createManus",
      "createMemories",
      "createPlugins",
      "createWebSearchPart",
    ]);
    await gateway.close();
  });

  test("are not made to be closed", async () => {
    const { made, makers } = counted();
    const gateway = await createGateway(env(), () => undefined, makers);
    await gateway.close();
    expect(made).not.toContain("createEngines");
  });

  const USERS: Record<string, (gateway: Gateway) => unknown> = {
    createIdentity: (gateway) => gateway.authenticator,
    createEngines: (gateway) => gateway.chat,
    createLiveTools: (gateway) => gateway.chat,
    createPlugins: (gateway) => gateway.plugins,
    createChat: (gateway) => gateway.chat,
    createWebSearchPart: (gateway) => gateway.chat,
    createCompletion: (gateway) => gateway.completion,
    createEmbeddings: (gateway) => gateway.embeddings,
    createTranscription: (gateway) => gateway.transcription,
    createImages: (gateway) => gateway.images,
    createAdmin: (gateway) => gateway.admin,
    createHealthBlocks: (gateway) => gateway.admin,
  };
  test.each(Object.entries(USERS))(
    "%s: one failure fails its users alone, and is tried anew",
    async (name, use) => {
      let failures = 0;
      const failing = (...parts: never[]): unknown => {
        if (failures++ === 0) throw new Error("This part cannot be made yet.");
        return Reflect.apply(MAKERS[name as keyof typeof MAKERS], undefined, parts);
      };
      const gateway = await createGateway(env(), () => undefined, { [name]: failing });
      expect(() => use(gateway)).toThrow("This part cannot be made yet.");
      expect(gateway.bodies.taken).toBe(0);
      expect(gateway.engineSource).toBe("none");
      expect(gateway.ledger).toBeDefined();
      expect(use(gateway)).toBe(use(gateway));
      await gateway.close();
    },
  );

  test.each(["createEngineHealth", "createShared"] as const)(
    "%s: a failure at the start is logged, and it is made at its first use",
    async (name) => {
      let failures = 0;
      const log: string[] = [];
      const failing = (...parts: never[]): unknown => {
        if (failures++ === 0) throw new Error("This part cannot be made yet.");
        return Reflect.apply(MAKERS[name], undefined, parts);
      };
      const gateway = await createGateway(env(), (line) => log.push(line), { [name]: failing });
      expect(log.filter((line) => line.includes("Instances do not share their state."))).toHaveLength(1);
      gateway.besideRequest(() => undefined);
      expect([gateway.health, gateway.shared]).toEqual([gateway.health, gateway.shared]);
      await gateway.close();
    },
  );

  test("a ledger that cannot be opened at the start is logged, and opened at its first use", async () => {
    let failures = 0;
    const log: string[] = [];
    const createLedger: typeof MAKERS.createLedger = (parts) => {
      if (failures++ === 0) throw new Error("The disk is gone.");
      return MAKERS.createLedger(parts);
    };
    const gateway = await createGateway(env(), (line) => log.push(line), { createLedger });
    await eventually("the failure is told", () => log.some((line) => line.includes("The disk is gone.")));
    expect(gateway.authenticator).toBeDefined();
    expect(gateway.chat).toBeDefined();
    await gateway.close();
  });

  test.each([
    ["no database", { NEXT_PUBLIC_SUPABASE_URL: "" }, /NEXT_PUBLIC_SUPABASE_URL/],
    ["a catalogue with a mistake", { MODELS_CONFIG: '{"modez":{}}' }, /MODELS_CONFIG, line 1/],
    ["a bad base URL", { GROQ_BASE_URL: "api.groq.com" }, /GROQ_BASE_URL/],
  ])("wrong settings are told at the start, before any part is used: %s", async (_, settings, says) => {
    await expect(createGateway(env(settings), () => undefined)).rejects.toThrow(says);
  });
});
