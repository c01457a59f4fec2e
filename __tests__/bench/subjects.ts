import { modelsConfig } from "../support/test-gateway.ts";
import { type Child, startChild } from "./child.ts";
import type { BenchDatabase } from "./database.ts";
import type { Load } from "./load.ts";
import { startPortkey } from "./portkey.ts";
import { startProduction } from "./production-gateway.ts";

/** One kind of request, and how often it is made in each part of the benchmark. */
export type Work = {
  name: string;
  path: "/0" | "/5";
  isStream: boolean;
  /** In a round with hot processes. */
  requests: number;
  /** Before the first hot round: what the compiler still works on would be counted as the request's. */
  warmUp: number;
  /** In a round with a fresh process. */
  fresh: number;
  connections: number;
};

/** A server that answers the same chats in the same way. */
export type Subject = {
  name: string;
  child: Child;
  load(work: Work): Omit<Load, "requests" | "concurrency">;
};

const ASK = { model: "smart", messages: [{ role: "user", content: "Tell me about foxes." }] };
/** An answer without them is none. */
const LAST_WORDS = "dog";
const json = { "content-type": "application/json" };
const here = (file: string): string => new URL(`./${file}`, import.meta.url).pathname;

function passing(name: string, child: Child, url: string): Subject {
  return {
    name,
    child,
    load: ({ path, isStream }) => ({
      url: `${url}${path}/v1/chat/completions`,
      headers: json,
      body: JSON.stringify({ ...ASK, stream: isStream }),
      contains: LAST_WORDS,
    }),
  };
}

/** The least that does a gateway's job. */
export async function leanest(client: "fetch" | "undici", upstream: string): Promise<Subject> {
  const child = startChild(here("leanest.ts"));
  return passing(`leanest handler, ${client}`, child, await child.ask<string>({ client, upstream }));
}

/** The leanest handler on the host of `npm start`. */
export async function hostAlone(upstream: string): Promise<Subject> {
  const child = startChild(here("host-stub.ts"));
  return passing("our host alone", child, await child.ask<string>(upstream));
}

/** Nothing between the load and the provider. */
export function providerItself(child: Child, upstream: string): Subject {
  return passing("nothing between: the provider itself", child, upstream);
}

export async function portkey(upstream: string): Promise<Subject> {
  const { url, child } = await startPortkey();
  return {
    name: "Portkey",
    child,
    load: ({ path, isStream }) => ({
      url: `${url}/v1/chat/completions`,
      headers: {
        ...json,
        authorization: "Bearer any",
        "x-portkey-provider": "openai",
        "x-portkey-custom-host": `${upstream}${path}/v1`,
      },
      body: JSON.stringify({ ...ASK, stream: isStream }),
      contains: LAST_WORDS,
    }),
  };
}

/** What `npm start` runs, on a database that other processes serve. */
export async function theGateway(
  upstream: string,
  database: BenchDatabase,
  dataDir: string,
): Promise<Subject> {
  const config = JSON.parse(
    modelsConfig({ fast: `${upstream}/0/v1`, spaced: `${upstream}/5/v1` }, { chain: [{ provider: "fast" }] }),
  ) as { modes: Record<string, unknown> };
  config.modes["fast"] = { failover: [{ provider: "spaced", model: "m", label: "spaced" }] };
  const { url, child } = await startProduction({ database, dataDir, modelsConfig: JSON.stringify(config) });
  // No gateway key has been created: any bearer is taken.
  const headers = { ...json, authorization: "Bearer any" };
  return {
    name: "the gateway",
    child,
    load: ({ path, isStream }) => ({
      url: `${url}/api/v1/chat/completions`,
      headers,
      body: JSON.stringify({ ...ASK, model: path === "/0" ? "smart" : "fast", stream: isStream }),
      contains: LAST_WORDS,
    }),
  };
}
