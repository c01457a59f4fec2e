import type { Finding, Status } from "#lib/server/doctor/finding.ts";

const STATUSES: readonly Status[] = ["fail", "warn", "ok", "skipped"];
/** Width of the columns before the message. */
const STATUS_WIDTH = 9;
const CHECK_WIDTH = 11;

/** Whether nothing keeps the gateway from working. */
export function isWell(findings: readonly Finding[]): boolean {
  return findings.every(({ status }) => status !== "fail");
}

/** For machines. */
export function asJson(findings: readonly Finding[], version: string, checkedAt: string): string {
  return JSON.stringify(
    { checkedAt, version, ok: isWell(findings), counts: countsOf(findings), findings },
    undefined,
    2,
  );
}

/** For people: a line each, with what to do below. */
export function asText(findings: readonly Finding[]): string {
  const indent = " ".repeat(STATUS_WIDTH + CHECK_WIDTH);
  const lines = findings.flatMap(({ status, check, message, advice }) => [
    `${status.padEnd(STATUS_WIDTH)}${check.padEnd(CHECK_WIDTH)}${message}`,
    ...(advice === undefined ? [] : [`${indent}-> ${advice}`]),
  ]);
  const counts = Object.entries(countsOf(findings)).map(([status, count]) => `${count} ${status}`);
  return [...lines, "", `${counts.join(", ")}.`].join("\n");
}

function countsOf(findings: readonly Finding[]): Record<string, number> {
  return Object.fromEntries(
    STATUSES.map((status) => [status, findings.filter((one) => one.status === status).length]),
  );
}
