import { withSandbox } from "#lib/adapters/sandbox/sandbox-upstream.ts";
import { DEFAULT_MODES } from "#lib/ai-models.ts";
import type { Upstream } from "#lib/providers/call/upstream.ts";
import { EngineHealth } from "#lib/providers/health/engine-health.ts";
import { createRegistry } from "#lib/providers/registry.ts";
import type { Answerer } from "#lib/services/chat/answerer.ts";
import type { Contributor } from "#lib/services/chat/contributor.ts";
import { engineAnswerer } from "#lib/services/chat/engine-answerer.ts";
import { promptContributor } from "#lib/services/chat/prompt-contributor.ts";
import type { RouteFinder } from "#lib/services/chat/route-finder.ts";
import { type ChatDependencies, type ChatTurn, startChatTurn } from "#lib/services/chat/start-turn.ts";
import type { ChatInput } from "#lib/services/chat/turn.ts";
import { LivePrices } from "#lib/services/engines/live-prices.ts";
import { BeginQueue } from "#lib/services/ledger/begin-queue.ts";
import type { LedgerRow } from "#lib/services/ledger/ledger-row.ts";
import { createLedgerWriter } from "#lib/services/ledger/ledger-writer.ts";
import type { BegunTurn } from "#lib/services/ledger/turn-store.ts";
import { EngineOverrides } from "#lib/services/overrides/engine-overrides.ts";
import type { NativeEvent } from "#lib/streaming/events.ts";
import { TEST_TIMEOUTS } from "../../support/engines.ts";
import { FakeClock } from "../../support/fake-clock.ts";

export const BEGUN: BegunTurn = { sessionId: "s", sessionCreated: true, messages: [], usedToday: 1 };

/** Native chat on the sandbox engines `first` and `second`, with a clock of its own and a store that only notes. */
export function setUp(
  changes: {
    begin?: () => Promise<BegunTurn>;
    begun?: Partial<BegunTurn>;
    settle?: () => Promise<void>;
    loadPrices?: () => Promise<never>;
    routeFinders?: readonly RouteFinder[];
    /** Stand behind the prompt. */
    contributors?: readonly Contributor[];
    /** Stand before the engines. */
    answerers?: readonly Answerer[];
  } = {},
) {
  const clock = new FakeClock();
  const settles: LedgerRow[] = [];
  const bodies: { messages: { role: string; content: string }[] }[] = [];
  const works: Promise<void>[] = [];
  const logs: string[] = [];
  const client = new AbortController();
  const sandbox = withSandbox({ send: () => Promise.reject(new Error("out")) }, clock);
  const upstream: Upstream = {
    send: (request, options) => {
      bodies.push(JSON.parse(String(request.body)) as (typeof bodies)[number]);
      return sandbox.send(request, options);
    },
  };
  const registry = createRegistry(
    () => undefined,
    [{ id: "sandbox", baseUrl: "http://sandbox.invalid/v1", protocol: "openai-compatible" }],
  );
  const engines = registry.resolve(
    ["first", "second"].map((model) => ({ provider: "sandbox", model, label: model })),
  );
  const run = { timeouts: TEST_TIMEOUTS, recovery: true, promptCache: true };
  const effects = {
    upstream,
    health: new EngineHealth(clock),
    clock,
    random: () => 0.5,
    newId: () => "id",
  };
  const randomHex = (bytes: number): string => "0".repeat(bytes * 2);
  const logger = {
    info: (line: string) => logs.push(line),
    warn: (line: string) => logs.push(line),
    error: (line: string) => logs.push(line),
  };
  const ledger = createLedgerWriter({
    store: {
      record: async (rows) => {
        settles.push(...rows);
        await changes.settle?.();
        return [];
      },
    },
    clock,
    logger,
    random: () => 0.5,
  });
  const dependencies: ChatDependencies = {
    mcp: { assertUsable: () => undefined },
    routeFinders: changes.routeFinders ?? [],
    followUps: [],
    modeAsker: undefined,
    contributors: [promptContributor({ clock, randomHex }), ...(changes.contributors ?? [])],
    answerers: [
      ...(changes.answerers ?? []),
      engineAnswerer({ run, effects, logger, web: { tool: undefined, randomHex } }),
    ],
    registry,
    modes: DEFAULT_MODES,
    howToConfigure: () => "Set a key.",
    toolsFor: () => [],
    enginesOf: async () => engines,
    overrides: new EngineOverrides(clock),
    turns: {
      begin: changes.begin ?? (async () => ({ ...BEGUN, ...changes.begun })),
      move: async () => ({ usedToday: 1 }),
    },
    begins: new BeginQueue({ clock, maxRunning: 16, maxWaiting: 100, maxWaitMs: 3_000, maxTotalMs: 5_000 }),
    ledger,
    admission: { admit: async () => undefined, release: async () => undefined },
    clock,
    prices: new LivePrices({
      loadLibrary: changes.loadPrices ?? (async () => () => undefined),
      onLoadError: () => logger.error("The price library could not be loaded."),
      wallNow: Date.now,
    }),
    randomHex,
    logger,
  };
  const start = (input: Partial<ChatInput> = {}): Promise<ChatTurn> =>
    startChatTurn(
      {
        message: "Hi",
        history: [],
        model: "smart",
        sessionId: undefined,
        image: undefined,
        customInstructions: undefined,
        tone: undefined,
        ...input,
      },
      {
        requestId: "r",
        caller: { kind: "user", userId: "u", email: undefined, accessToken: "t" },
        signal: client.signal,
        waitUntil: (work) => works.push(work),
      },
      dependencies,
    );
  /** Reads a turn to its end while time goes on. */
  const read = async (turn: ChatTurn): Promise<NativeEvent[]> => {
    const events: NativeEvent[] = [];
    let ended = false;
    const reading = (async () => {
      for await (const batch of turn.events) events.push(...batch);
      ended = true;
    })();
    while (!ended) await clock.advanceAsync(20);
    await reading;
    return events;
  };
  return { clock, ledger, settles, bodies, works, logs, client, start, read };
}
