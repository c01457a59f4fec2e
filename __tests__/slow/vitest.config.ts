import { defineConfig } from "vitest/config";

/**
 * Tests that start whole servers. Most take turns: Next.js allows one development server in a folder, and some
 * measure time. Those that only serve the build, each at a port of its own, run two at a time.
 */
const TOGETHER = [
  "__tests__/slow/browser/{account,chat,chat-page,dashboard,every-page,mcp,media,tools}.test.ts",
  "__tests__/slow/{contract,pages,reload,router-weights}.test.ts",
];
const ALL = "__tests__/slow/**/*.test.ts";
const timeouts = { testTimeout: 60_000, hookTimeout: 180_000 };

export default defineConfig({
  test: {
    // Once for all: a build, a browser and a Postgres.
    globalSetup: ["./__tests__/slow/build.ts", "./__tests__/support/global-supabase.ts"],
    projects: [
      {
        test: {
          ...timeouts,
          name: "together",
          include: TOGETHER,
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          ...timeouts,
          name: "in turn",
          include: [ALL],
          exclude: TOGETHER,
          maxWorkers: 1,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
