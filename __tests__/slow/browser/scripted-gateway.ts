import {
  answers,
  type Exchange,
  type FakeUpstream,
  type Script,
  startFakeUpstream,
  textChunk,
  usageChunk,
} from "../../support/fake-upstream.ts";
import { startTestSupabase, type TestSupabase, type TestUser } from "../../support/test-database.ts";
import { databaseSettings, type Settings } from "../../support/test-gateway.ts";
import { type ServedGateway, serveGateway } from "../served-gateway.ts";

/** The chain of each mode of a scripted gateway: two engines at two providers, whose prices are known. */
export const ENGINES = {
  smart: [
    { provider: "groq", model: "openai/gpt-oss-120b", label: "Groq GPT-OSS 120B" },
    { provider: "cerebras", model: "gpt-oss-120b", label: "Cerebras GPT-OSS 120B" },
  ],
  // Models of its own, so that what happens to them is not felt in the other modes.
  coder: [
    { provider: "groq", model: "qwen/qwen3-32b", label: "Groq Qwen 3 32B" },
    { provider: "cerebras", model: "qwen-3-235b-a22b-instruct-2507", label: "Cerebras Qwen 3 235B" },
  ],
  reasoner: [
    { provider: "groq", model: "llama-3.3-70b-versatile", label: "Groq Llama 3.3 70B" },
    { provider: "cerebras", model: "zai-glm-4.7", label: "Cerebras GLM 4.7" },
  ],
  // What the gateway asks for itself: facts to remember, suggestions.
  fast: [{ provider: "groq", model: "llama-3.1-8b-instant", label: "Groq Llama 3.1 8B" }],
  vision: [
    {
      provider: "groq",
      model: "meta-llama/llama-4-scout-17b-16e-instruct",
      label: "Groq Llama 4 Scout",
    },
  ],
} as const;

export type ScriptedGateway = {
  url: string;
  database: TestSupabase;
  /** May open the dashboard. */
  admin: TestUser;
  /** May not. */
  user: TestUser;
  /** The providers of the first and of the second engine of each chain. */
  first: FakeUpstream;
  second: FakeUpstream;
  served: ServedGateway;
  stop(): Promise<void>;
};

const HELLO = answers("Hello from ", "the first engine.");
const SECOND = answers("Hello from ", "the second engine.");

/**
 * The production build in front of two providers whose answers a test writes. What the gateway asks for itself
 * (the mode `fast`) is answered with nothing worth keeping.
 */
export async function startScriptedGateway(settings: Settings = {}): Promise<ScriptedGateway> {
  const [database, first, second] = await Promise.all([
    startTestSupabase(),
    startFakeUpstream(HELLO),
    startFakeUpstream(SECOND),
  ]);
  const [admin, user] = await Promise.all([database.signUp("ada@example.test"), database.signUp()]);
  const served = await serveGateway("start", {
    ...databaseSettings(database),
    ADMIN_USER_IDS: admin.userId,
    ENABLE_OPENAI_PROXY: "true",
    ENABLE_SIGN_UP: "true",
    PAID_PROVIDERS: "groq,cerebras",
    GROQ_API_KEY: "gsk_scripted",
    GROQ_BASE_URL: `${first.origin}/v1`,
    CEREBRAS_API_KEY: "csk-scripted",
    CEREBRAS_BASE_URL: `${second.origin}/v1`,
    MODELS_CONFIG: JSON.stringify({
      extends: "default",
      modes: Object.fromEntries(Object.entries(ENGINES).map(([mode, failover]) => [mode, { failover }])),
    }),
    ...settings,
  });
  return {
    url: served.url,
    database,
    admin,
    user,
    first,
    second,
    served,
    async stop() {
      await served.stop();
      await Promise.all([first.stop(), second.stop()]);
      await database.stop();
    },
  };
}

/** What the person wrote last. */
export function lastMessageOf({ request }: Exchange): string {
  const { messages = [] } = request.json as { messages?: { role: string; content: unknown }[] };
  const content = messages.findLast(({ role }) => role === "user")?.content;
  return typeof content === "string" ? content : JSON.stringify(content ?? "");
}

export type Pace = {
  /** Between two pieces. */
  pauseMs?: number;
  /** After this many words the connection breaks; Infinity: after the last. */
  cutAfter?: number;
};

/** Writes a text as an engine does, a few words at a time. */
export function writes(text: string, { pauseMs = 0, cutAfter }: Pace = {}): Script {
  return async (exchange) => {
    await exchange.startStream();
    const pieces = text.match(/\S+\s*/g) ?? [];
    for (const [index, piece] of pieces.entries()) {
      if (exchange.gone) return;
      if (index === cutAfter) return exchange.reset();
      await exchange.event(textChunk(piece));
      if (pauseMs > 0) await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
    if (cutAfter !== undefined) return exchange.reset();
    await exchange.event(textChunk("", "stop"));
    await exchange.event(usageChunk(420, pieces.length));
    await exchange.event("[DONE]");
    await exchange.endStream();
  };
}

/** Refuses, as a provider does that is busy. */
export const busy: Script = (exchange) =>
  exchange.json(429, { error: { message: "Rate limit reached." } }, { "retry-after": "2" });

export const broken: Script = (exchange) => exchange.json(500, { error: { message: "Internal error." } });
