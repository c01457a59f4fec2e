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
  /** The path of a picture of our own origin, such as `/logo.svg`. Anything else is ignored. */
  get logoPath(): string | undefined {
    const path = read("NEXT_PUBLIC_LOGO_PATH");
    return path !== undefined && /^\/(?!\/)[\w./-]+$/.test(path) ? path : undefined;
  },
} as const;

/** By a name that is put together, so that the build does not replace it by its value of that day. */
function read(name: string): string | undefined {
  return process.env[name] || undefined;
}
