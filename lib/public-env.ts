/**
 * The variables that pages may know, read when a page is rendered: a built image can be renamed by its
 * environment alone. Only pages on the server read them; browsers get the rendered text.
 */
export const publicEnv = {
  /** The product's name. */
  get appName(): string {
    return read("NEXT_PUBLIC_APP_NAME") ?? "SarmaLink-AI";
  },
  /** Who runs this gateway, shown beside the name of the product. */
  get companyName(): string | undefined {
    return read("NEXT_PUBLIC_COMPANY_NAME");
  },
  /** Where the gateway is reached, without a slash at the end. */
  get appUrl(): string | undefined {
    return read("NEXT_PUBLIC_APP_URL")?.replace(/\/+$/, "");
  },
  /** `#rrggbb`, the colour of buttons and links. Anything else is ignored. */
  get accentColor(): string | undefined {
    const color = read("NEXT_PUBLIC_ACCENT_COLOR");
    return color !== undefined && /^#[0-9a-f]{6}$/i.test(color) ? color : undefined;
  },
  /** The operator's invitation to Manus, by its code; the link that signs up with it. */
  get manusInvitation(): string | undefined {
    const code = read("NEXT_PUBLIC_MANUS_INVITE_CODE");
    return code !== undefined && /^[\w-]{1,64}$/.test(code)
      ? `https://manus.im/invitation/${code}`
      : undefined;
  },
  /**
   * Where the addresses of stored pictures begin, each with a slash at the end: the public address of the bucket if it
   * has one, and that of signed addresses. Every one of them says as much, so pages may know it.
   */
  get storagePrefixes(): readonly string[] {
    return [read("R2_PUBLIC_URL"), bucketAddress()].flatMap((base) =>
      base !== undefined && URL.canParse(base) ? prefixOf(new URL(base)) : [],
    );
  },
  /** The path of a picture of our own origin, such as `/logo.svg`. Anything else is ignored. */
  get logoPath(): string | undefined {
    const path = read("NEXT_PUBLIC_LOGO_PATH");
    return path !== undefined && /^\/(?!\/)[\w./-]+$/.test(path) ? path : undefined;
  },
} as const;

function bucketAddress(): string | undefined {
  const bucket = read("R2_BUCKET_NAME");
  if (bucket === undefined) return undefined;
  const account = read("R2_ACCOUNT_ID");
  const host =
    account === undefined ? undefined : `https://${account.toLowerCase()}.r2.cloudflarestorage.com`;
  const endpoint = (read("R2_ENDPOINT") ?? host)?.replace(/\/+$/, "");
  // Cloudflare shows the endpoint of a bucket with the bucket's name behind it.
  return endpoint === undefined || endpoint.endsWith(`/${bucket}`) ? endpoint : `${endpoint}/${bucket}`;
}

/** It goes into a policy, where `;`, `,` and spaces would begin something else. */
function prefixOf({ protocol, origin, pathname }: URL): readonly string[] {
  const prefix = `${origin}${pathname.replace(/\/+$/, "")}/`;
  return /^https?:$/.test(protocol) && /^[\w:/.[\]~%-]+$/.test(prefix) ? [prefix] : [];
}

/** By a name that is put together, so that the build does not replace it by its value of that day. */
function read(name: string): string | undefined {
  return process.env[name] || undefined;
}
