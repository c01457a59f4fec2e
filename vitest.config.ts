import { defineConfig } from "vitest/config";

/**
 * Tests of functions and classes, which start no server and change nothing of their process. They share it with
 * others, so that what they import is loaded once: a third of their time.
 */
const PURE = [
  "__tests__/{agent,apis,browser,chat,documents,export,manus,memory,plugins,prompts,providers}/**/*.test.ts",
  "__tests__/{router,sanitize,services,shared,streaming,tools}/**/*.test.ts",
];
const ALL = "__tests__/**/*.test.ts";
const SLOW = "__tests__/slow/**";

export default defineConfig({
  test: {
    globalSetup: ["./__tests__/support/global-supabase.ts"],
    // Two cores: more workers than that only take turns.
    maxWorkers: 2,
    projects: [
      { extends: true, test: { ...timeouts(), name: "pure", include: PURE, isolate: false } },
      { extends: true, test: { ...timeouts(), name: "whole", include: [ALL], exclude: [SLOW, ...PURE] } },
    ],
  },
});

function timeouts() {
  return { testTimeout: 20_000, hookTimeout: 30_000 };
}
