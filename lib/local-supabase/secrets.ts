import { createHash, randomBytes } from "node:crypto";
import { readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { ignoreMissing } from "#lib/local-supabase/system-user.ts";

const secretsSchema = z.object({
  postgresPassword: z.string(),
  publishableKey: z.string(),
  secretKey: z.string(),
  jwtSecret: z.string(),
});

export type EmbeddedSecrets = z.infer<typeof secretsSchema>;

/** New random secrets, in the forms that `@supabase/lite` and supabase-js recognise. */
export function generateSecrets(): EmbeddedSecrets {
  const random = (bytes: number): string => randomBytes(bytes).toString("base64url");
  return {
    postgresPassword: random(24),
    publishableKey: `sb_publishable_${random(17).slice(0, 22)}_${random(6)}`,
    secretKey: `sb_secret_${random(17).slice(0, 22)}_${random(6)}`,
    jwtSecret: random(48),
  };
}

/** The secrets of a data folder, which are created once, so that sessions and clients survive a restart. */
export async function loadSecrets(dataFolder: string): Promise<EmbeddedSecrets> {
  const path = join(dataFolder, "secrets.json");
  const text = await readFile(path, "utf8").catch(ignoreMissing);
  if (text !== undefined) return secretsSchema.parse(JSON.parse(text));
  const secrets = generateSecrets();
  await writePrivate(path, `${JSON.stringify(secrets, null, 2)}\n`);
  return secrets;
}

/** A secret in its own file, for people to read; created by `generate` if there is none. */
export async function loadSecretFile(path: string, generate: () => string): Promise<string> {
  const text = (await readFile(path, "utf8").catch(ignoreMissing))?.trim();
  if (text) return text;
  const secret = generate();
  await writePrivate(path, `${secret}\n`);
  return secret;
}

export function generateGatewayKey(): string {
  return `sk-sarmalink-${randomBytes(32).toString("base64url")}`;
}

export function sha256Hex(text: string): string {
  return createHash("sha256").update(text, "utf8").digest("hex");
}

/** Writes another file and renames it, so that a killed process leaves no half secret. */
async function writePrivate(path: string, text: string): Promise<void> {
  const aside = `${path}.${process.pid}.tmp`;
  await writeFile(aside, text, { mode: 0o600 });
  await rename(aside, path);
}
