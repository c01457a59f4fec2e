/**
 * Loaded into the processes of `next dev`, which ask a package registry for newer versions of Next.js whenever a browser
 * connects, and have no setting against it. To them it looks as if the machine were offline.
 */
const VERSION_CHECK = /\/-\/package\/next\/dist-tags$/;
const { fetch: original } = globalThis;

globalThis.fetch = async (input, init) => {
  const url = input instanceof Request ? input.url : String(input);
  if (VERSION_CHECK.test(url)) throw new TypeError("The gateway makes no calls of its own.");
  return original(input, init);
};
