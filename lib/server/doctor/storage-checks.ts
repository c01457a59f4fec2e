import type { DoctorEffects } from "#lib/server/doctor/effects.ts";
import { type Finding, fail, ok, skipped, warn } from "#lib/server/doctor/finding.ts";
import type { Env } from "#lib/server/env/env.ts";
import { readStorageSettings, type StorageSettings } from "#lib/server/env/storage-settings.ts";
import { GatewayError } from "#lib/shared/errors.ts";

const CONTENT = "A probe of the doctor, which is deleted at once.";

/** Stores an object in the bucket, reads it and deletes it; nothing if there is no object storage. */
export async function checkStorage(
  env: Env,
  isOffline: boolean,
  effects: Pick<DoctorEffects, "get" | "storage" | "randomId">,
): Promise<Finding[]> {
  const settings = readStorageSettings(env);
  if (settings === undefined) return [];
  if (isOffline) return [skipped("storage", "Not asked, because of --offline.")];
  try {
    return await tryOut(settings, effects);
  } catch (error) {
    // Anything else is a bug, whose stack is needed.
    if (!(error instanceof GatewayError)) throw error;
    const reason = error.cause instanceof Error ? error.cause.message : error.message;
    return [fail("storage", `The object storage cannot be used. ${reason}`, SETTINGS)];
  }
}

async function tryOut(
  settings: StorageSettings,
  effects: Pick<DoctorEffects, "get" | "storage" | "randomId">,
): Promise<Finding[]> {
  const { bucket } = settings;
  const storage = effects.storage(settings);
  const key = `doctor/${effects.randomId()}.txt`;
  const { signal } = new AbortController();
  const bytes = Buffer.from(CONTENT);
  await storage.put({ key, bytes, mediaType: "text/plain", disposition: "inline" }, signal);
  try {
    const read = Buffer.from(await storage.get(key, bytes.length, signal));
    const kept = read.equals(bytes)
      ? ok("storage", `The bucket ${bucket} keeps files, and gives them back.`)
      : fail("storage", `The bucket ${bucket} gives back other bytes than it got.`, LOOK);
    return [kept, ...(await publicFinding(storage.publicUrl(key), effects))];
  } finally {
    await storage.delete(key, signal);
  }
}

const LOOK = "Check R2_ENDPOINT: something else than the storage answers there.";
const SETTINGS =
  "Check R2_ACCOUNT_ID or R2_ENDPOINT, R2_REGION, R2_BUCKET_NAME and the key, which must be allowed to read and write " +
  "objects of this bucket.";

async function publicFinding(
  url: string | undefined,
  { get }: Pick<DoctorEffects, "get">,
): Promise<Finding[]> {
  if (url === undefined) return [];
  const advice =
    "Connect a domain to the bucket, or remove R2_PUBLIC_URL: then addresses of images are signed, for a week.";
  try {
    const { status } = await get(url, {});
    return status === 200
      ? [ok("storage", "R2_PUBLIC_URL shows objects of the bucket to everybody who knows their names.")]
      : [warn("storage", `R2_PUBLIC_URL does not show objects of the bucket (status ${status}).`, advice)];
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return [warn("storage", `R2_PUBLIC_URL does not answer: ${reason}`, advice)];
  }
}
