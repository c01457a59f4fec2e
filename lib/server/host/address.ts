import { createServer } from "node:net";
import type { Env } from "#lib/server/env/env.ts";
import { GatewayError } from "#lib/shared/errors.ts";

/** Throws `not_configured` if it is not possible to listen on this port now. */
export async function assertCanListen(env: Env, hostname: string): Promise<void> {
  const probe = createServer();
  await new Promise<void>((resolve, reject) => {
    probe.once("error", (error) => reject(addressError(error, { ...env, HOST: hostname })));
    probe.listen(env.PORT, hostname, () => probe.close(() => resolve()));
  });
}

/** Why an address cannot be used, in one line. Any other error is passed through. */
export function addressError(error: unknown, env: Env): unknown {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  const place = env.HOST === undefined ? `port ${env.PORT}` : `${env.HOST}, port ${env.PORT}`;
  const problem = (message: string) => new GatewayError("not_configured", message, { cause: error });
  switch (code) {
    case "EADDRINUSE":
      return problem(`Another process listens on ${place}. Stop it, or set PORT.`);
    case "EACCES":
      return problem(`This user may not listen on ${place}. Set PORT to 1024 or more.`);
    case "EADDRNOTAVAIL":
    case "ENOTFOUND":
    case "EAI_AGAIN":
    case "EINVAL":
      return problem(`This machine has no address ${env.HOST}. Set HOST.`);
    default:
      return error;
  }
}
