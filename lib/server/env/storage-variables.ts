import { z } from "zod";
import { origin, type Rule } from "#lib/server/env/variable-types.ts";

/** Names of buckets at R2, S3 and others; one segment of a path. */
const BUCKET = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;
/** An account of Cloudflare; a part of a host name. */
const ACCOUNT = /^[0-9a-f]{32}$/i;
const REGION = /^[a-z0-9-]{1,40}$/;
/** Visible ASCII: it travels in a header. */
const KEY_ID = /^[\x21-\x7e]+$/;

/** The object storage: Cloudflare R2, or any other server that speaks S3. */
export const storageShape = {
  R2_ACCOUNT_ID: z.string().regex(ACCOUNT).toLowerCase().optional(),
  R2_ENDPOINT: origin.optional(),
  R2_REGION: z.string().regex(REGION).default("auto"),
  R2_BUCKET_NAME: z.string().regex(BUCKET).optional(),
  R2_ACCESS_KEY_ID: z.string().regex(KEY_ID).optional(),
  R2_SECRET_ACCESS_KEY: z.string().optional(),
  R2_PUBLIC_URL: origin.optional(),
};

export const STORAGE_VARIABLE_RULES: Readonly<Record<keyof typeof storageShape, Rule>> = {
  R2_ACCOUNT_ID: {
    allowed: "the id of a Cloudflare account, 32 hexadecimal digits",
    example: "0123456789abcdef0123456789abcdef",
    isPrivate: true,
  },
  R2_ENDPOINT: {
    allowed: "a URL that begins with https:// or http://, without a query or a fragment",
    example: "https://s3.eu-central-1.amazonaws.com",
    isPrivate: true,
  },
  R2_REGION: { allowed: "the name of a region", example: "eu-central-1" },
  R2_BUCKET_NAME: {
    allowed: "the name of a bucket: 3 to 63 small letters, digits, dots and hyphens",
    example: "sarmalink-files",
  },
  R2_ACCESS_KEY_ID: { allowed: "letters, digits and signs without spaces", example: "…", isPrivate: true },
  R2_SECRET_ACCESS_KEY: { allowed: "text", example: "…", isPrivate: true },
  R2_PUBLIC_URL: {
    allowed: "a URL that begins with https:// or http://, without a query or a fragment",
    example: "https://files.example.com",
  },
};
