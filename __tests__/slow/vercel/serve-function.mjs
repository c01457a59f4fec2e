// Serves one function of `vercel build` as the platform does: `node serve-function.mjs <folder> <handler>`.
// Prints its port.
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { join } from "node:path";

const [folder = "", handler = ""] = process.argv.slice(2);
const background = new Set();
const waitUntil = (work) => {
  background.add(work);
  work.finally(() => background.delete(work)).catch(console.error);
};
// By this the platform gives a function what it knows of the request.
globalThis[Symbol.for("@vercel/request-context")] = { get: () => ({ waitUntil }) };

const launcher = createRequire(join(folder, "package.json"))(join(folder, handler));
const server = createServer((request, response) => {
  launcher(request, response).catch((error) => {
    console.error(error);
    response.destroy();
  });
});
server.listen(0, "127.0.0.1", () => console.log(`port ${server.address().port}`));
