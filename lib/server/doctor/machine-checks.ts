import type { DoctorEffects } from "#lib/server/doctor/effects.ts";
import { type Finding, fail, ok, skipped, warn } from "#lib/server/doctor/finding.ts";
import type { Env } from "#lib/server/env/env.ts";
import { stringField } from "#lib/shared/json.ts";

const MB = 1_024 * 1_024;
/** The embedded Postgres needs about 100 MB for itself. */
const LITTLE_SPACE = 1_024 * MB;
const NO_SPACE = 100 * MB;

/** Half a minute is normal drift of a machine without a time service; at five, tokens are refused. */
const DOUBTFUL_SKEW_MS = 30_000;
const MAX_SKEW_MS = 300_000;

/** Whether the port is free, or a gateway has it already. */
export async function checkPort(
  env: Env,
  { assertCanListen, get }: Pick<DoctorEffects, "assertCanListen" | "get">,
): Promise<Finding> {
  if (env.VERCEL) return skipped("port", "Vercel chooses the port.");
  try {
    await assertCanListen(env);
    return ok("port", `Port ${env.PORT} is free.`);
  } catch (error) {
    if (await isGateway(env, get)) return ok("port", `A gateway is running on port ${env.PORT}.`);
    const reason = error instanceof Error ? error.message : String(error);
    return fail("port", reason, "Stop the other process, or set PORT (and HOST) to an address that is free.");
  }
}

async function isGateway({ HOST, PORT }: Env, get: DoctorEffects["get"]): Promise<boolean> {
  const host = HOST === undefined || HOST === "0.0.0.0" || HOST === "::" ? "127.0.0.1" : HOST;
  try {
    const { body } = await get(`http://${host.includes(":") ? `[${host}]` : host}:${PORT}/api/health`, {});
    return stringField(body, "engines") !== undefined && stringField(body, "version") !== undefined;
  } catch {
    // It is something else.
    return false;
  }
}

/** Whether turns can be kept in the data folder, and for how long. */
export async function checkDataFolder(
  { VERCEL, SARMALINK_DATA_DIR }: Env,
  { folder }: Pick<DoctorEffects, "folder">,
): Promise<Finding> {
  if (VERCEL) return skipped("data", "Vercel keeps no files.");
  const { problem, freeBytes } = await folder(SARMALINK_DATA_DIR);
  if (problem !== undefined) {
    return fail(
      "data",
      `The data folder ${SARMALINK_DATA_DIR} cannot be written: ${problem}`,
      "Give it to the user of the gateway, or set SARMALINK_DATA_DIR to another folder.",
    );
  }
  const space = `${Math.floor(freeBytes / MB)} MB are free for the data folder ${SARMALINK_DATA_DIR}`;
  const advice = "Free some space, or set SARMALINK_DATA_DIR to a folder on another disk.";
  if (freeBytes < NO_SPACE) return fail("data", `Only ${space}.`, advice);
  return freeBytes < LITTLE_SPACE ? warn("data", `Only ${space}.`, advice) : ok("data", `${space}.`);
}

/** Whether `npm start` has pages to serve. */
export async function checkBuild({ isBuilt }: Pick<DoctorEffects, "isBuilt">): Promise<Finding> {
  return (await isBuilt())
    ? ok("build", "There is a production build.")
    : skipped(
        "build",
        "There is no production build; `npm run dev` needs none.",
        "Before `npm start`: `npm run build`.",
      );
}

/** Settings of a reverse proxy that do not go together. */
export function checkProxy({ VERCEL, TRUST_PROXY, HOST, NEXT_PUBLIC_APP_URL }: Env): Finding {
  if (VERCEL) return skipped("proxy", "Vercel's own proxy is trusted.");
  if (TRUST_PROXY && HOST === undefined) {
    return warn(
      "proxy",
      "TRUST_PROXY is on, and the port is open on all interfaces: a client that bypasses the proxy can forge its address.",
      "Set HOST=127.0.0.1, or the address that only the proxy reaches. In a container publish the port to the proxy alone.",
    );
  }
  if (!TRUST_PROXY && NEXT_PUBLIC_APP_URL?.startsWith("https://") === true) {
    return warn(
      "proxy",
      "NEXT_PUBLIC_APP_URL is https, so something stands before the gateway, but TRUST_PROXY is off: all clients have the proxy's address, and share its limits.",
      "Set TRUST_PROXY=1 if the proxy sets X-Forwarded-For and X-Forwarded-Host itself.",
    );
  }
  return ok("proxy", TRUST_PROXY ? "The proxy before the gateway is trusted." : "No proxy is trusted.");
}

/**
 * How far this machine's clock is from those of the servers that answered, by their `Date` headers. The nearest counts:
 * one server may be wrong itself.
 */
export function checkClock(answers: readonly { date: string; at: number }[]): Finding {
  const skews = answers
    .map(({ date, at }) => at - Date.parse(date))
    .filter((skew) => Number.isFinite(skew))
    .sort((a, b) => Math.abs(a) - Math.abs(b));
  const [skew] = skews;
  if (skew === undefined) return skipped("clock", "No server has told its time.");
  const seconds = Math.round(Math.abs(skew) / 1_000);
  const message = `This machine's clock is ${seconds} s ${skew > 0 ? "ahead" : "behind"}.`;
  const advice = "Switch on the system's time service (for example `timedatectl set-ntp true`).";
  if (Math.abs(skew) >= MAX_SKEW_MS)
    return fail("clock", `${message} Sign-in and keys fail by this.`, advice);
  if (Math.abs(skew) >= DOUBTFUL_SKEW_MS) return warn("clock", message, advice);
  return ok("clock", "This machine's clock agrees with other servers.");
}
