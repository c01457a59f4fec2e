import { connect } from "node:net";
import { networkInterfaces } from "node:os";
import { afterEach, describe, expect, test } from "vitest";
import { isJsonObject, parseJson } from "#lib/shared/json.ts";
import { eventually } from "../support/test-gateway.ts";
import { type HostName, type ServedGateway, serveGateway } from "./served-gateway.ts";

/** What an operator reads when the gateway starts, and whether it is true. */
const open: ServedGateway[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((gateway) => gateway.stop()));
});

async function serve(host: HostName, settings: Record<string, string> = {}): Promise<ServedGateway> {
  const gateway = await serveGateway(host, settings);
  open.push(gateway);
  return gateway;
}

const ask = (gateway: ServedGateway, path: string, init?: RequestInit): Promise<Response> =>
  fetch(`${gateway.url}${path}`, init);

describe("without a provider", () => {
  test("npm start says what is missing, and shows no command that would fail", async () => {
    const gateway = await serve("start");
    expect(gateway.output).toContain("No provider is configured");
    expect(gateway.output).toContain("GROQ_API_KEY");
    expect(gateway.output).toContain("ENABLE_SANDBOX");
    expect(gateway.output).not.toContain("curl");
    expect(await (await ask(gateway, "/api/health")).json()).toMatchObject({ status: "ok", engines: "none" });
  });

  test("npm start with the sandbox shows the command", async () => {
    const gateway = await serve("start", { ENABLE_SANDBOX: "yes" });
    expect(gateway.output).not.toContain("No provider is configured");
    expect(gateway.output).toContain("curl -N");
    expect(await (await ask(gateway, "/api/health")).json()).toMatchObject({ engines: "sandbox" });
  });
});

/** The JSON lines of standard error, where the gateway logs. */
const entries = (gateway: ServedGateway): Record<string, unknown>[] =>
  gateway.output.split("\n").flatMap((line) => {
    const entry = line.startsWith("{") ? parseJson(line) : undefined;
    return isJsonObject(entry) ? [entry] : [];
  });

describe("the log of npm start", () => {
  test("tells the start, providers and modes, each request, and the stop; never the local key", async () => {
    const gateway = await serve("start", {
      GROQ_API_KEY: "gsk_first",
      GROQ_API_KEY_2: "gsk_second",
      MISTRAL_API_KEY: "m",
    });
    expect(gateway.key).toMatch(/^sk-sarmalink-/);
    const headers = { authorization: `Bearer ${gateway.key}` };
    const answer = await ask(gateway, "/api/keys?secret=1", { headers });
    await answer.text();
    await gateway.stop();
    expect(gateway.output).not.toContain(gateway.key);
    expect(gateway.output).not.toMatch(/gsk_|secret=/);
    expect(entries(gateway)).toEqual(
      expect.arrayContaining([
        expect.objectContaining({
          message: "Started.",
          engines: "providers",
          providers: "groq 2, mistral 1",
          modes: expect.stringMatching(/^smart \d+, reasoner \d+, /),
        }),
        expect.objectContaining({
          message: "request",
          method: "GET",
          path: "/api/keys",
          status: 403,
          caller: "key",
          requestId: answer.headers.get("x-request-id"),
        }),
        expect.objectContaining({ message: "Stopping.", signal: "SIGTERM" }),
        expect.objectContaining({ message: "Stopped." }),
      ]),
    );
  });

  test("has no line a request when ACCESS_LOG is off", async () => {
    const gateway = await serve("start", { ACCESS_LOG: "off", ENABLE_SANDBOX: "on" });
    await (await ask(gateway, "/api/keys")).text();
    await gateway.stop();
    const messages = entries(gateway).map(({ message }) => message);
    expect(messages).toEqual(expect.arrayContaining(["Started.", "Stopping.", "Stopped."]));
    expect(messages).not.toContain("request");
  });
});

describe("npm run dev", () => {
  const own = Object.values(networkInterfaces()).flatMap((found) => found ?? []);
  const outward = own.find(({ internal, family }) => !internal && family === "IPv4")?.address;

  const canConnect = (address: string, port: number): Promise<boolean> =>
    new Promise((resolve) => {
      const socket = connect({ host: address, port, timeout: 2_000 });
      const settle = (answer: boolean) => () => {
        socket.destroy();
        resolve(answer);
      };
      socket.once("connect", settle(true)).once("error", settle(false)).once("timeout", settle(false));
    });

  test("is for this machine alone, says so, and warns that any bearer is accepted", async () => {
    const gateway = await serve("dev", { ENABLE_OPENAI_PROXY: "true" });
    expect(gateway.output).toMatch(/Development on http:\/\/localhost:\d+, for this machine only/);
    if (outward !== undefined)
      expect(await canConnect(outward, Number(new URL(gateway.url).port))).toBe(false);
    // Before anybody has asked these routes for anything.
    await eventually("it warns", () =>
      gateway.output.includes("accept any bearer until the first gateway key"),
    );
  });

  test.skipIf(outward === undefined)("listens on the network when HOST says so", async () => {
    const gateway = await serve("dev", { HOST: "0.0.0.0" });
    expect(gateway.output).not.toContain("for this machine only");
    expect(gateway.output).not.toContain("accept any bearer");
    expect(await canConnect(outward ?? "", Number(new URL(gateway.url).port))).toBe(true);
  });
});
