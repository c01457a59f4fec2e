import type { Exchange, SeenRequest } from "./fake-upstream.ts";

export const KLEIN_9B = "@cf/black-forest-labs/flux-2-klein-9b";
export const KLEIN_4B = "@cf/black-forest-labs/flux-2-klein-4b";
export const SCHNELL = "@cf/black-forest-labs/flux-1-schnell";

/** Four pairs of an account and a token, all at one address. */
export function cloudflareSettings(origin: string, pairs = 4): Record<string, string> {
  const settings: Record<string, string> = { CLOUDFLARE_BASE_URL: `${origin}/client/v4` };
  for (let pair = 1; pair <= pairs; pair++) {
    const end = pair === 1 ? "" : `_${pair}`;
    settings[`CLOUDFLARE_ACCOUNT_ID${end}`] = String(pair).repeat(32);
    settings[`CLOUDFLARE_API_TOKEN${end}`] = `cloudflare-token-${pair}`;
  }
  return settings;
}

export type CloudflareCall = {
  /** The number of the pair. */
  pair: number;
  token: string;
  model: string;
  /** Fields of the form, files as they are. */
  form: ReadonlyMap<string, FormPart> | undefined;
  json: unknown;
};

export type FormPart = { text: string; bytes: Buffer; fileName: string | undefined; contentType: string };

/** What a call says to Workers AI. */
export function readCloudflareCall({ path, headers, bytes, json }: SeenRequest): CloudflareCall {
  const [, account = "", model = ""] = /^\/client\/v4\/accounts\/([^/]+)\/ai\/run\/(.+)$/.exec(path) ?? [];
  const boundary = /^multipart\/form-data; boundary=(.+)$/.exec(headers["content-type"] ?? "")?.[1];
  return {
    pair: Number(account[0] ?? 0),
    token: headers["authorization"] ?? "",
    model: decodeURIComponent(model),
    form: boundary === undefined ? undefined : formOf(bytes, boundary),
    json,
  };
}

function formOf(bytes: Buffer, boundary: string): Map<string, FormPart> {
  const parts = new Map<string, FormPart>();
  const delimiter = `--${boundary}`;
  let at = bytes.indexOf(delimiter);
  for (let next = bytes.indexOf(delimiter, at + 1); next !== -1; next = bytes.indexOf(delimiter, at + 1)) {
    const part = bytes.subarray(at + delimiter.length + 2, next - 2);
    const end = part.indexOf("\r\n\r\n");
    const head = part.subarray(0, end).toString("utf8");
    const body = part.subarray(end + 4);
    const name = /name="([^"]*)"/.exec(head)?.[1] ?? "";
    parts.set(name, {
      text: body.toString("utf8"),
      bytes: Buffer.from(body),
      fileName: /filename="([^"]*)"/.exec(head)?.[1],
      contentType: /content-type: (\S+)/i.exec(head)?.[1] ?? "",
    });
    at = next;
  }
  return parts;
}

/** An image as Workers AI answers it. */
export function answerImage(exchange: Exchange, image: Uint8Array): Promise<void> {
  return exchange.json(200, {
    result: { image: Buffer.from(image).toString("base64") },
    success: true,
    errors: [],
    messages: [],
  });
}

/** An error as Workers AI answers it. */
export function answerError(
  exchange: Exchange,
  status: number,
  code: number,
  message: string,
): Promise<void> {
  return exchange.json(status, { result: null, success: false, errors: [{ code, message }], messages: [] });
}
