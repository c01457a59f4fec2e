import { createHash, createHmac, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { type FakeUpstream, type SeenRequest, startFakeUpstream } from "./fake-upstream.ts";

/** A task as the double keeps it. */
export type DoubleTask = {
  title: string;
  status: string;
  /** The newest first, as `task.listMessages` gives them. */
  messages: object[];
};

export type ManusDouble = {
  origin: string;
  tasks: Map<string, DoubleTask>;
  requests: SeenRequest[];
  /** What an action answers instead: a status with a body. */
  failing: Map<string, { status: number; body: unknown }>;
  /** Calls of an action, e.g. `task.create`. */
  callsOf(action: string): SeenRequest[];
  /** Another key signs from now on. */
  rotateKey(): void;
  /** The headers of a webhook as Manus signs it. */
  signed(body: string, options: SigningOptions): Record<string, string>;
  stop(): Promise<void>;
};

export type SigningOptions = {
  url: string;
  /** Seconds. */
  at?: number;
  /** The signed text is hashed once more. */
  isDouble?: boolean;
  /** Signs in place of Manus. */
  key?: KeyObject;
};

export const aKeyPair = () => generateKeyPairSync("rsa", { modulusLength: 2048 });

/** Manus's API v2 on a real socket, as far as the gateway calls it, with the key of its webhooks. */
export async function startManusDouble(apiKey: string): Promise<ManusDouble> {
  let pair = aKeyPair();
  let made = 0;
  const tasks = new Map<string, DoubleTask>();
  const failing: ManusDouble["failing"] = new Map();

  const answer = (action: string, request: SeenRequest): object => {
    const body = (request.json ?? {}) as Record<string, unknown>;
    const query = new URL(request.path, "http://x").searchParams;
    const id = String(body["task_id"] ?? query.get("task_id"));
    const task = tasks.get(id);
    switch (action) {
      case "task.create": {
        const { content } = body["message"] as { content: string };
        const newId = `task_${++made}_${Math.random().toString(36).slice(2)}`;
        const title = `Title of ${content.slice(0, 20)}`;
        tasks.set(newId, { title, status: "running", messages: [{ user_message: { content } }] });
        return { task_id: newId, task_title: title, task_url: `https://manus.example/app/${newId}` };
      }
      case "task.detail":
        return { task: { id, title: task?.title, task_url: `https://manus.example/app/${id}` } };
      case "task.listMessages": {
        const update = { status_update: { agent_status: task?.status } };
        return { task_id: id, messages: [update, ...(task?.messages ?? [])], has_more: false };
      }
      case "task.sendMessage":
        task?.messages.unshift({
          user_message: { content: (body["message"] as { content: string }).content },
        });
        if (task !== undefined) task.status = "running";
        return { task_id: id };
      case "task.stop":
        if (task !== undefined) task.status = "stopped";
        return { task_id: id, status: "stopped" };
      case "webhook.publicKey":
        return {
          public_key: pair.publicKey.export({ type: "spki", format: "pem" }),
          algorithm: "RSA-SHA256",
        };
      default:
        return {};
    }
  };
  const upstream: FakeUpstream = await startFakeUpstream((exchange) => {
    const { request } = exchange;
    const action = /^\/v2\/([\w.]+)/.exec(request.path)?.[1] ?? "";
    const failure = failing.get(action);
    if (failure !== undefined) return exchange.json(failure.status, failure.body);
    if (request.headers["x-manus-api-key"] !== apiKey) {
      return exchange.json(401, { ok: false, error: { code: "unauthorized", message: "Wrong key." } });
    }
    return exchange.json(200, { ok: true, request_id: "r", ...answer(action, request) });
  });
  return {
    origin: upstream.origin,
    tasks,
    requests: upstream.requests,
    failing,
    callsOf: (action) => upstream.requests.filter(({ path }) => path.startsWith(`/v2/${action}`)),
    rotateKey: () => {
      pair = aKeyPair();
    },
    signed: (body, { url, at = Math.floor(Date.now() / 1_000), isDouble = false, key = pair.privateKey }) => {
      const text = Buffer.from(`${at}.${url}.${createHash("sha256").update(body).digest("hex")}`);
      const content = isDouble ? createHash("sha256").update(text).digest() : text;
      return {
        "x-webhook-signature": sign("RSA-SHA256", content, key).toString("base64"),
        "x-webhook-timestamp": String(at),
      };
    },
    stop: () => upstream.stop(),
  };
}

/** The headers of a webhook of the older form. */
export function hmacSigned(body: string, secret: string): Record<string, string> {
  return { "x-manus-signature": createHmac("sha256", secret).update(body).digest("hex") };
}
