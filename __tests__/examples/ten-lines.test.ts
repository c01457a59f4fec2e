import { readFileSync } from "node:fs";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import type * as Providers from "#lib/providers/vendors/providers.ts";
import { acme } from "../../examples/provider.ts";
import { dice } from "../../examples/tool.ts";
import { answers, type FakeUpstream, startFakeUpstream } from "../support/fake-upstream.ts";
import { startTestSupabase, type TestSupabase } from "../support/test-database.ts";
import { startTestGateway, type TestGateway } from "../support/test-gateway.ts";

/** A provider in ten lines and a tool in ten lines, as CONTRIBUTING shows them, answer in native chat. */
vi.mock("#lib/providers/vendors/providers.ts", async (original) => {
  const { PROVIDERS, ...rest } = await original<typeof Providers>();
  return { ...rest, PROVIDERS: [...PROVIDERS, acme] };
});

let database: TestSupabase;
let upstream: FakeUpstream;
let gateway: TestGateway;

beforeAll(async () => {
  database = await startTestSupabase();
  upstream = await startFakeUpstream(answers("Hello from Acme."));
  const chain = [{ provider: "acme", model: "rocket-1", label: "Acme Rocket" }];
  gateway = await startTestGateway({
    database,
    settings: {
      ACME_BASE_URL: `${upstream.origin}/v1`,
      ACME_API_KEY: "acme-key",
      MODELS_CONFIG: JSON.stringify({ extends: "default", modes: { smart: { failover: chain } } }),
    },
    makers: { createLiveTools: () => [dice(() => 0.5)] },
  });
}, 30_000);
afterEach(() => void upstream.requests.splice(0));
afterAll(async () => {
  await gateway.stop();
  await upstream.stop();
  await database.stop();
});

async function ask(message: string) {
  const user = await database.signUp();
  return gateway.ask(user.accessToken, { message, model: "smart" });
}

test("the provider answers, with its key, at its address", async () => {
  const { text, events } = await ask("Hello");
  expect(text).toBe("Hello from Acme.");
  expect(events).toContainEqual({
    type: "backend",
    label: "Acme Rocket",
    provider: "acme",
    model: "rocket-1",
  });
  expect(upstream.requests[0]).toMatchObject({
    path: "/v1/chat/completions",
    headers: { authorization: "Bearer acme-key" },
  });
});

test("the tool is called for the message that needs it, and for no other", async () => {
  const { events } = await ask("Please roll a d20 for me.");
  expect(events.filter(({ type }) => type === "tool")).toContainEqual(
    expect.objectContaining({ name: "dice", status: "done" }),
  );
  expect(upstream.requests.at(-1)?.text).toContain("11");
  expect((await ask("How do dice work?")).events.filter(({ type }) => type === "tool")).toEqual([]);
});

test("CONTRIBUTING shows exactly these, and neither has more than ten lines", () => {
  const blocks = [...readFileSync("docs/CONTRIBUTING.md", "utf8").matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(
    ([, block = ""]) => block,
  );
  for (const file of ["examples/provider.ts", "examples/tool.ts"]) {
    const code = readFileSync(file, "utf8");
    const shown = blocks.find((block) => code.includes(block)) ?? expect.fail(`${file} is not shown.`);
    expect(shown.trimEnd().split("\n").length).toBeLessThanOrEqual(10);
  }
});
