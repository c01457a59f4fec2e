import type { TaskNews } from "#lib/manus/task.ts";

/** The API of Manus. Every method rejects with a `GatewayError` that a client may see. */
export type ManusApi = {
  create(prompt: string): Promise<Pick<TaskNews, "manusId" | "title" | "url">>;
  /** Asks for the state of a task and for what it has made. */
  state(manusId: string): Promise<TaskNews>;
  /** Sends one more message to a task, which goes on with it. */
  send(manusId: string, message: string): Promise<void>;
  /** Ends the work on a task. Resolves also if there is none. */
  stop(manusId: string): Promise<void>;
  /** The public key of its webhooks, PEM. */
  publicKey(): Promise<string>;
};
