import type { Env } from "#lib/server/env/env.ts";
import { GatewayError } from "#lib/shared/errors.ts";

/** A bucket, and the credentials for it. */
export type StorageSettings = {
  endpoint: string;
  region: string;
  bucket: string;
  accessKeyId: string;
  secretAccessKey: string;
  /** Where everybody can read the bucket; undefined for one that is private. */
  publicUrl: string | undefined;
};

const REQUIRED = ["R2_BUCKET_NAME", "R2_ACCESS_KEY_ID", "R2_SECRET_ACCESS_KEY"] as const;
const ADDRESSES = ["R2_ACCOUNT_ID", "R2_ENDPOINT"] as const;

/**
 * The object storage of these settings; undefined if there is none. Throws `not_configured` for half a
 * configuration, naming what is missing: files that nobody stores would be missed too late.
 */
export function readStorageSettings(env: Env): StorageSettings | undefined {
  const { R2_BUCKET_NAME, R2_ACCESS_KEY_ID, R2_SECRET_ACCESS_KEY, R2_PUBLIC_URL } = env;
  const names = [...ADDRESSES, ...REQUIRED, "R2_PUBLIC_URL"] as const;
  const set = names.filter((name) => env[name] !== undefined);
  if (set.length === 0) return undefined;
  const endpoint = endpointOf(env);
  if (
    endpoint === undefined ||
    R2_BUCKET_NAME === undefined ||
    R2_ACCESS_KEY_ID === undefined ||
    R2_SECRET_ACCESS_KEY === undefined
  ) {
    const missing: string[] = REQUIRED.filter((name) => env[name] === undefined);
    if (endpoint === undefined) missing.unshift(ADDRESSES.join(" or "));
    throw new GatewayError(
      "not_configured",
      `${set.join(", ")} ${set.length > 1 ? "are" : "is"} set, but not ${missing.join(", ")}: object storage needs ` +
        "an account or an endpoint, a bucket and both parts of a key. Set what is missing, or none of them.",
    );
  }
  if (env.NEXT_PUBLIC_SUPABASE_URL !== undefined && env.SUPABASE_SERVICE_ROLE_KEY === undefined) {
    throw new GatewayError(
      "not_configured",
      "Object storage needs SUPABASE_SERVICE_ROLE_KEY: what is deleted is taken from the storage by the gateway, not " +
        "by a user. Set it, or none of the variables that begin with R2_.",
    );
  }
  return {
    ...{ endpoint, region: env.R2_REGION, bucket: R2_BUCKET_NAME, accessKeyId: R2_ACCESS_KEY_ID },
    ...{ secretAccessKey: R2_SECRET_ACCESS_KEY, publicUrl: R2_PUBLIC_URL },
  };
}

function endpointOf({ R2_ENDPOINT, R2_ACCOUNT_ID, R2_BUCKET_NAME }: Env): string | undefined {
  if (R2_ENDPOINT === undefined) {
    return R2_ACCOUNT_ID === undefined ? undefined : `https://${R2_ACCOUNT_ID}.r2.cloudflarestorage.com`;
  }
  // Cloudflare shows the endpoint of a bucket with the bucket's name behind it.
  const bucketPath = `/${R2_BUCKET_NAME}`;
  const { pathname } = new URL(R2_ENDPOINT);
  return pathname === bucketPath ? R2_ENDPOINT.slice(0, -bucketPath.length) : R2_ENDPOINT;
}
