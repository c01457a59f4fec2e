import { z } from "zod";
import { KNOWN_FAILURES } from "./known-failures.ts";

const outcome = z.enum(["pass", "fail", "unsupported", "inconclusive", "skipped", "unreachable"]);
const probeSchema = z.object({
  coverage: z.object({
    byTier: z.array(
      z.object({ tier: z.string(), supported: z.number(), total: z.number(), missing: z.array(z.string()) }),
    ),
    entries: z.array(z.object({ label: z.string(), supported: z.boolean(), detail: z.string().optional() })),
  }),
  conformance: z.object({
    passed: z.number(),
    total: z.number(),
    bySurface: z.array(z.object({ surface: z.string(), passed: z.number(), total: z.number() })),
    results: z.array(
      z.object({
        name: z.string(),
        outcome,
        reason: z.string().optional(),
        failures: z.array(
          z.object({
            id: z.string(),
            label: z.string(),
            severity: z.string(),
            message: z.string().optional(),
          }),
        ),
      }),
    ),
  }),
});
/** The part of llmprobe's report that says what the gateway does; the rest grades the model. */
export type ProbeReport = z.infer<typeof probeSchema>;

const canarySchema = z.object({
  score: z.number(),
  results: z.array(z.object({ name: z.string(), status: z.string(), summary: z.string() })),
});
export type CanaryReport = z.infer<typeof canarySchema>;

export function readProbe(text: string): ProbeReport {
  return probeSchema.parse(JSON.parse(text));
}

export function readCanary(text: string): CanaryReport {
  return canarySchema.parse(JSON.parse(text));
}

/** The MUST assertions that fail, and should not. */
export function unknownFailures({ conformance }: ProbeReport): string[] {
  const failed = conformance.results.flatMap(({ failures }) => failures);
  return failed
    .filter(({ id, severity }) => severity === "MUST" && KNOWN_FAILURES[id] === undefined)
    .map(({ id }) => id);
}

export function probeSection(suite: string, { conformance, coverage }: ProbeReport): string {
  const surfaces = [
    ...conformance.bySurface,
    { surface: "all", passed: conformance.passed, total: conformance.total },
  ].map(({ surface, passed, total }) => [surface, `${passed} of ${total}`]);
  const failed = conformance.results.flatMap(({ name, failures }) =>
    failures.map(({ id, severity, label, message = "" }) => [
      severity,
      name,
      `${label}: ${message}`,
      KNOWN_FAILURES[id] ?? "**unknown**",
    ]),
  );
  const open = conformance.results
    .filter(({ outcome: how }) => how === "inconclusive" || how === "unreachable")
    .map((result) => [result.outcome, result.name, result.reason ?? ""]);
  const tiers = coverage.byTier.map(({ tier, supported, total }) => [tier, `${supported} of ${total}`]);
  const absent = coverage.entries
    .filter(({ supported }) => !supported)
    .map(({ label, detail = "" }) => [label, detail]);
  return [
    `### ${suite}`,
    table(["MUST assertions", "passed"], surfaces),
    failed.length === 0 ? "Nothing failed." : table(["", "test", "failed", "why"], failed),
    open.length === 0 ? "" : table(["", "test", "why"], open),
    table(["coverage", ""], tiers),
    absent.length === 0 ? "" : table(["not there", ""], absent),
  ]
    .filter((part) => part !== "")
    .join("\n\n");
}

export function canarySection(suite: string, { score, results }: CanaryReport): string {
  const passed = results.filter(({ status }) => status === "pass").length;
  const rows = results.map(({ name, status, summary }) => [name, status, summary]);
  return [
    `### ${suite}, profile \`modern\``,
    `${passed} of ${results.length} probes pass, score ${score} of 100. The profile \`chat\` is the first five.`,
    table(["probe", "", ""], rows),
  ].join("\n\n");
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll("|", "\\|").replaceAll("\n", " ")).join(" | ")} |`;
  return [line(head), `|${"---|".repeat(head.length)}`, ...rows.map(line)].join("\n");
}
