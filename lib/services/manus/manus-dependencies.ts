import type { KeyAdmission } from "#lib/services/admission/key-admission.ts";
import type { ManusApi } from "#lib/services/manus/manus-api.ts";
import type { PublicKeys } from "#lib/services/manus/public-keys.ts";
import type { TaskStore } from "#lib/services/manus/task-store.ts";
import type { Logger } from "#lib/services/ports.ts";
import type { Clock } from "#lib/shared/clock.ts";
import { GatewayError } from "#lib/shared/errors.ts";

export type ManusDependencies = {
  /** Undefined without MANUS_API_KEY. */
  api: ManusApi | undefined;
  store: TaskStore;
  /** The limits of gateway keys. */
  admission: KeyAdmission;
  clock: Clock;
  logger: Logger;
  /** Whether native chat hands messages to Manus. */
  autoRoutes: boolean;
  /** What webhooks are checked with. */
  webhooks: {
    /** Undefined without MANUS_API_KEY, which fetches the key. */
    keys: PublicKeys | undefined;
    /** Of the older form. */
    secret: string | undefined;
    /** Where the gateway is reached from outside; undefined to go by the request. */
    publicUrl: string | undefined;
  };
};

/** Throws `not_configured`, naming the variable, unless tasks can be given to Manus and kept. */
export function usableApi({ api, store }: Pick<ManusDependencies, "api" | "store">): ManusApi {
  if (api === undefined) {
    throw new GatewayError("not_configured", "Manus is not set up. An operator can set MANUS_API_KEY.");
  }
  store.assertWritable();
  return api;
}
