import { hasHmac, isSigned, sha256, signedSeconds } from "#lib/manus/signature.ts";
import type { TaskNews } from "#lib/manus/task.ts";
import { olderWebhookNews, webhookNews } from "#lib/manus/webhook.ts";
import type { ManusDependencies } from "#lib/services/manus/manus-dependencies.ts";
import { GatewayError } from "#lib/shared/errors.ts";
import { parseJson } from "#lib/shared/json.ts";
import { decodeLenient } from "#lib/shared/text.ts";

/** A shorter secret could be guessed. */
const MIN_SECRET = 16;

export type Delivery = {
  /** The bytes as they came: the signature is of them. */
  body: Uint8Array;
  headers: Headers;
  /** The request's own address. */
  url: string;
};

type WebhookDependencies = Pick<ManusDependencies, "store" | "clock" | "webhooks">;

/** A delivery whose signature was right. */
type Trusted = { at: number | undefined; read: (body: unknown) => TaskNews | undefined };

/**
 * Takes a webhook of Manus. Throws `not_configured`, naming the variable, `unauthorized` and, for what was signed but
 * is no JSON, `invalid_request`. Tasks that are not known have no effect, and nobody learns which ones are.
 */
export async function takeWebhook(delivery: Delivery, dependencies: WebhookDependencies): Promise<void> {
  const { at, read } = await checkSignature(delivery, dependencies);
  const body = parseJson(decodeLenient([delivery.body]));
  if (body === undefined) throw new GatewayError("invalid_request", "The body is not valid JSON.");
  const news = read(body);
  if (news === undefined) return;
  await dependencies.store.apply({ ...news, at, bodyHash: sha256(delivery.body).toString("hex") });
}

async function checkSignature(delivery: Delivery, dependencies: WebhookDependencies): Promise<Trusted> {
  const { webhooks, store } = dependencies;
  const signature = delivery.headers.get("x-webhook-signature");
  const olderSignature = delivery.headers.get("x-manus-signature");
  const secret = usableSecret(webhooks.secret);
  if (signature === null && olderSignature === null) {
    if (webhooks.keys === undefined && secret === undefined) throw notSetUp("MANUS_API_KEY");
    throw new GatewayError("unauthorized", "The webhook is not signed.");
  }
  if (signature === null) {
    if (secret === undefined) throw notSetUp("MANUS_WEBHOOK_SECRET (16 characters or more)");
    store.assertWritable();
    if (!hasHmac(delivery.body, olderSignature ?? "", secret)) throw wrongSignature();
    return { at: undefined, read: olderWebhookNews };
  }
  if (webhooks.keys === undefined) throw notSetUp("MANUS_API_KEY");
  store.assertWritable();
  const timestamp = delivery.headers.get("x-webhook-timestamp") ?? "";
  const seconds = signedSeconds(timestamp, dependencies.clock.wallNow());
  if (seconds === undefined) {
    throw new GatewayError(
      "unauthorized",
      "The time of the signature is missing, or more than five minutes away.",
    );
  }
  const signed = {
    timestamp,
    signature,
    body: delivery.body,
    url: externalUrl(delivery.url, webhooks.publicUrl),
  };
  if (!(await webhooks.keys.verify((key) => isSigned(signed, key)))) throw wrongSignature();
  return { at: seconds * 1_000, read: webhookNews };
}

/** The address that Manus has sent to and signed, which a proxy may have changed. */
function externalUrl(url: string, publicUrl: string | undefined): string {
  if (publicUrl === undefined) return url;
  const { pathname, search } = new URL(url);
  return `${publicUrl}${pathname}${search}`;
}

function usableSecret(secret: string | undefined): string | undefined {
  return secret !== undefined && secret.length >= MIN_SECRET ? secret : undefined;
}

function notSetUp(variable: string): GatewayError {
  return new GatewayError(
    "not_configured",
    `Webhooks of Manus are not set up. An operator can set ${variable}.`,
  );
}

function wrongSignature(): GatewayError {
  return new GatewayError("unauthorized", "The signature of the webhook is not valid.");
}
