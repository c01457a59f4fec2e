import type { TlsOptions } from "node:tls";
import type { ChatRequest } from "#lib/chat/request.ts";
import type { BreakerState } from "#lib/providers/health/circuit-breaker.ts";
import type { OpenAiDialect } from "#lib/providers/vendors/openai-dialect.ts";
import type { ProtocolId } from "#lib/providers/vendors/provider.ts";
import type { Script, SeenRequest } from "../support/fake-upstream.ts";
import type { Timeouts, Told } from "./front.ts";

/** Whether the client (and with it the upstream) is asked for a stream or for a whole answer. */
export type Mode = "streaming" | "whole";
export type Range = readonly [least: number, most: number];

/** What a script can do beside answering. */
export type Stage = {
  /** The client leaves, now. */
  leave(): void;
  /** The base URL of a server that is no engine of the chain, and must never be asked. */
  bystander: string;
};

/** An address that is no scripted upstream. */
export type Place = { baseUrl: string; stop(): Promise<void> };

export type FaultyEngine = {
  name: string;
  /** How it answers: the same way in both modes, unless it looks at the request. */
  script?: (stage: Stage) => Script;
  tls?: TlsOptions;
  place?: () => Promise<Place>;
  keys?: readonly string[];
  protocol?: ProtocolId;
  model?: string;
  prefill?: OpenAiDialect["prefill"];
  contextTokens?: number;
  firstTokenTimeoutMs?: number;
  /** Has the provider (its keys, its breaker of the origin excepted) of this engine. */
  sameProviderAs?: string;
};

export type ExpectedHealth = {
  breaker?: BreakerState;
  /** Milliseconds until the engine may be called with its first key; 0..0 unless it is said here. */
  benchedMs?: Range;
  /** The same for its second key. */
  secondKeyMs?: Range;
  dead?: boolean;
};

export type Expected = {
  /** Undefined: whatever came. */
  text?: string;
  thinking?: string;
  toolCalls?: Told["toolCalls"];
  finish?: string;
  /** Undefined: there is none. */
  error?: {
    code: string;
    status: number;
    message?: string | RegExp;
    retryAfter?: Range;
  };
  /** The engines whose answer the client read, in order. */
  engines?: readonly string[];
  /** Upstream calls during this ask; engines left out: none. Undefined: any. */
  calls?: Readonly<Record<string, number>>;
  /** Connections opened so far. */
  connections?: Readonly<Record<string, number>>;
  /** Milliseconds from the question to its end. */
  within?: Range;
  /** `engine exact` or `engine estimated`, one a usage row. */
  usages?: readonly string[];
  /** `engine outcome`, one an upstream call. */
  attempts?: readonly string[];
  state?: Told["state"];
  /** Engines left out: a closed breaker and no bench. Undefined: any. */
  health?: Readonly<Record<string, ExpectedHealth>>;
  malformedFrames?: number;
  /** What else must hold of the requests that the engines saw during this ask, and of the answer. */
  also?: (seen: (engine: string) => SeenRequest[], told: Told) => void;
};

export type Ask = {
  /** The clock jumps ahead by this much first, milliseconds. */
  after?: number;
  /** Asked this often, one after another; every one must come out the same. */
  repeat?: number;
  /** Asked this often at once; calls are counted together. */
  parallel?: number;
  /** From here on these engines answer otherwise. */
  scripts?: Readonly<Record<string, (stage: Stage) => Script>>;
  expect: Expected;
  /** What is different when no stream is asked for. */
  whole?: Expected;
};

/** One fault: a chain, what is asked of it, and what everybody must see. */
export type FaultRow = {
  /** Number of the fault in the list that this table proves. */
  row: number;
  name: string;
  /** Both, unless it is said here. */
  modes?: readonly Mode[];
  chain: readonly FaultyEngine[];
  request?: Partial<ChatRequest>;
  named?: boolean;
  /** On unless it is said here. */
  recovery?: boolean;
  timeouts?: Partial<Timeouts>;
  /** The ledger waits for usage behind the client's end, for so many milliseconds at most. */
  readsOnMs?: number;
  /** Is played alone: it moves so many bytes that rows beside it would be late, or asks so often that it would be. */
  heavy?: boolean;
  asks: readonly Ask[];
  /** Upstream calls over all asks. */
  totalCalls?: Readonly<Record<string, Range>>;
};
