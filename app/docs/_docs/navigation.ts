import { docsStrings } from "../../_strings/docs.ts";

type Group = { title: string; pages: readonly string[] };

const { groups } = docsStrings;

/** The pages by what a reader wants, by their files' names. A page that stands nowhere here is listed last. */
export const NAVIGATION: readonly Group[] = [
  { title: groups.start, pages: ["PAGES", "SELF-HOST", "DEPLOY", "SETUP-AI", "MAKE-IT-YOURS", "ENV-MATRIX"] },
  {
    title: groups.use,
    pages: [
      ...["HOW-IT-WORKS", "BROWSER-CLIENT", "OPENAI", "RESPONSES", "MESSAGES", "GATEWAY-KEYS", "SIGN-IN"],
      ...["SESSIONS", "MEMORY", "DOCUMENTS", "VOICE", "IMAGES", "EXPORTS", "SUGGESTIONS"],
      ...["AGENT", "QUOTA"],
    ],
  },
  {
    title: groups.routing,
    pages: [
      ...["WHY-THE-STREAM-NEVER-BREAKS", "FAILOVER", "FAILURE-MODES", "AUTO-ROUTE", "LIVE-TOOLS"],
      ...["WEB-SEARCH", "MCP", "MCP-SERVER", "IMAGE-INTENT", "PLUGINS", "MANUS", "PROVIDERS", "COSTS"],
    ],
  },
  { title: groups.operate, pages: ["ADMIN", "METRICS", "MANY-INSTANCES", "DATABASE", "STORAGE", "SECURITY"] },
  {
    title: groups.understand,
    pages: [
      ...["ARCHITECTURE", "CONTRIBUTING", "OPEN-ISSUES", "COMPARED", "BENCHMARKS", "CONFORMANCE"],
      ...["LEDGER-SOAK", "ROUTER-EVAL"],
    ],
  },
];
