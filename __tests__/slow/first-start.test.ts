import { connect } from "node:net";
import { networkInterfaces } from "node:os";
import { afterEach, describe, expect, test } from "vitest";
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

  test("is for this machine alone, says so, and warns that any bearer will do", async () => {
    const gateway = await serve("dev", { ENABLE_OPENAI_PROXY: "true" });
    expect(gateway.output).toMatch(/Development on http:\/\/localhost:\d+, for this machine only/);
    if (outward !== undefined)
      expect(await canConnect(outward, Number(new URL(gateway.url).port))).toBe(false);
    // Before anybody has asked these routes for anything.
    await eventually("it warns", () =>
      gateway.output.includes("take any bearer until the first gateway key"),
    );
  });

  test.skipIf(outward === undefined)("listens on the network when HOST says so", async () => {
    const gateway = await serve("dev", { HOST: "0.0.0.0" });
    expect(gateway.output).not.toContain("for this machine only");
    expect(gateway.output).not.toContain("take any bearer");
    expect(await canConnect(outward ?? "", Number(new URL(gateway.url).port))).toBe(true);
  });
});
