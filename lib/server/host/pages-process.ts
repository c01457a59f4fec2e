import { createServer } from "node:http";
import next from "next";
import { isApiTarget } from "#lib/server/host/api-path.ts";

/** Next.js in its own process, on a loopback port that it reports to its parent. See pages.ts. */
const app = next({ dev: false, dir: process.cwd() });
await app.prepare();
const handle = app.getRequestHandler();
const server = createServer((incoming, outgoing) => {
  // The API runs in the parent, which has the configuration and forwards no API request.
  if (isApiTarget(incoming.url ?? "/")) outgoing.writeHead(404).end();
  else void handle(incoming, outgoing);
});
// The parent decides how long connections are kept.
server.keepAliveTimeout = 0;
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  if (address !== null && typeof address === "object") process.send?.(address.port);
});

// A Ctrl-C reaches the whole process group, but pages are served until the parent has shut down.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => undefined);
process.once("disconnect", () => process.exit());
