import { createHash } from "node:crypto";
import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";

/** Where a pid means the same process. `name`: letters, digits and `-`; `isUnique`: no other scope has it. */
export type ProcessScope = { name: string; isUnique: boolean };

/**
 * The scope of this process. Containers may share a host name, and even a folder, without seeing each other's
 * processes: on Linux the name differs by boot and pid namespace. Other systems have no pid namespaces.
 */
export function processScope(): ProcessScope {
  const host = hostname().replace(/[^A-Za-z0-9]/g, "-") || "localhost";
  if (process.platform !== "linux") return { name: host, isUnique: true };
  try {
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    const namespace = readlinkSync("/proc/self/ns/pid");
    const digest = createHash("sha256").update(`${boot} ${namespace}`).digest("hex");
    return { name: `${host}-${digest.slice(0, 16)}`, isUnique: true };
  } catch {
    // A container may hide its /proc.
    return { name: host, isUnique: false };
  }
}
