import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { serveGateway } from "../slow/served-gateway.ts";
import { modelsConfig } from "../support/test-gateway.ts";
import { startWellBehavedUpstream } from "../support/well-behaved-upstream.ts";
import { canarySection, probeSection, readCanary, readProbe, unknownFailures } from "./reports.ts";

/**
 * Two conformance suites of others against `npm start`, in front of an engine that does what it is
 * told. Writes what they found into docs/CONFORMANCE.md, and ends with 1 where a MUST fails that should not.
 */
const LLMPROBE = "llmprobe@0.6.12";
const COMPATCANARY = "compatcanary@0.2.2";
const REPORT = "docs/CONFORMANCE.md";
/** What stands above it is written by hand. */
const RESULTS = "## Results";

/** The model: an engine of a provider whose dialect takes every field, reasoning included. */
const MODEL = "openrouter/well-behaved";

/** Runs one of the suites; its exit code says no more than its report does. */
async function runSuite(name: string, args: readonly string[]): Promise<void> {
  const child = spawn("npx", ["--yes", name, ...args], { stdio: ["ignore", "inherit", "inherit"] });
  await new Promise<void>((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", () => resolve());
  });
}

async function main(): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), "sarmalink-conformance-"));
  const upstream = await startWellBehavedUpstream();
  const [provider = "", model = ""] = MODEL.split("/");
  const gateway = await serveGateway("start", {
    HOST: "127.0.0.1",
    ENABLE_OPENAI_PROXY: "1",
    OPENROUTER_API_KEY: "a-key",
    OPENROUTER_BASE_URL: `${upstream.origin}/v1`,
    MODELS_CONFIG: modelsConfig({}, { chain: [{ provider, model }], limit: 1_000_000 }),
  });
  try {
    const baseUrl = `${gateway.url}/api/v1`;
    const probeFile = join(folder, "llmprobe.json");
    const canaryFile = join(folder, "compatcanary.json");
    const target = ["--api-key", gateway.key, "--model", MODEL];
    await runSuite(COMPATCANARY, [
      ...["scan", "--base-url", baseUrl, ...target, "--profile", "modern", "--fail-on", "never"],
      ...["--format", "json", "--output", canaryFile],
    ]);
    await runSuite(LLMPROBE, [
      ...[baseUrl, ...target, "--full", "--no-bench", "--no-save", "--no-color", "--save", probeFile],
    ]);
    const probe = readProbe(await readFile(probeFile, "utf8"));
    const canary = readCanary(await readFile(canaryFile, "utf8"));
    const sections = [probeSection(LLMPROBE, probe), canarySection(COMPATCANARY, canary)];
    await writeResults(sections.join("\n\n"));
    const isWhole =
      unknownFailures(probe).length === 0 && canary.results.every(({ status }) => status === "pass");
    return isWhole ? 0 : 1;
  } finally {
    await gateway.stop();
    await upstream.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

async function writeResults(sections: string): Promise<void> {
  const [byHand = ""] = (await readFile(REPORT, "utf8")).split(RESULTS);
  const date = new Date().toISOString().slice(0, 10);
  const told = `${date}, Node ${process.version}. Written by \`npm run conformance\`.`;
  await writeFile(REPORT, `${byHand}${RESULTS}\n\n${told}\n\n${sections}\n`);
}

process.exit(await main());
