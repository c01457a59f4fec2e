import { access } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { join } from "node:path";
import { GatewayError } from "#lib/shared/errors.ts";

export type Pages = {
  /** Answers a request for a page or an asset, as `next start` would. */
  serve(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void>;
  /** Begins to load Next.js, which the API does not wait for. */
  warm(): Promise<void>;
  close(): Promise<void>;
};

/** Throws `not_configured` when the pages have not been built. */
export async function assertBuilt(dir: string): Promise<void> {
  await access(join(dir, ".next", "BUILD_ID")).catch((error: unknown) => {
    throw new GatewayError("not_configured", "There is no build yet: run `npm run build` first.", {
      cause: error,
    });
  });
}

/** The pages of the production build in `dir`. Next.js is loaded at the first use. */
export function createPages(dir: string, port: number, hostname: string | undefined): Pages {
  const load = async () => {
    const { default: next } = await import("next");
    const app = next({ dev: false, dir, port, ...(hostname === undefined ? {} : { hostname }) });
    await app.prepare();
    return app;
  };
  let loaded: ReturnType<typeof load> | undefined;
  const get = (): ReturnType<typeof load> => {
    loaded ??= load().catch((error: unknown) => {
      // The next page tries anew.
      loaded = undefined;
      throw error;
    });
    return loaded;
  };
  return {
    async serve(incoming, outgoing) {
      await (await get()).getRequestHandler()(incoming, outgoing);
    },
    async warm() {
      await get();
    },
    async close() {
      await (await loaded)?.close();
    },
  };
}
