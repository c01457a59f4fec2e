import type { TestProject } from "vitest/node";
import { startTestPostgres, type TestPostgres } from "./test-postgres.ts";

declare module "vitest" {
  interface ProvidedContext {
    testPostgres: TestPostgres;
  }
}

/** Vitest global setup: one Postgres for the whole run; test files take databases from it. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const server = await startTestPostgres();
  project.provide("testPostgres", server.postgres);
  return server.stop;
}
