import type { ModeId } from "#lib/ai-models.ts";
import type { Registry } from "#lib/providers/registry.ts";
import type { KeyAdmission } from "#lib/services/admission/key-admission.ts";
import type { RateLimit } from "#lib/services/admission/rate-limit.ts";
import type { EngineDependencies } from "#lib/services/engines/engine-dependencies.ts";
import type { Caller } from "#lib/services/identity/caller.ts";
import type { TurnLedger } from "#lib/services/ledger/releasing-ledger.ts";
import type { McpToolSource } from "#lib/services/mcp/mcp-tool-source.ts";
import type { WaitUntil } from "#lib/services/ports.ts";
import type { Tool } from "#lib/tools/tool.ts";

export type AgentInput = {
  goal: string;
  model: ModeId | "auto";
  /** Ids of MCP servers whose tools the steps may use. */
  mcp: readonly string[];
};

export type AgentContext = {
  requestId: string;
  /** The path of the route that was called, for the ledger. */
  route?: string | undefined;
  caller: Caller;
  /** Aborts when the client leaves. */
  signal: AbortSignal;
  waitUntil: WaitUntil;
  /** Takes what is left of the caller's requests. */
  onRateLimit?: ((limit: RateLimit) => void) | undefined;
};

export type AgentDependencies = EngineDependencies & {
  registry: Registry;
  admission: KeyAdmission;
  ledger: TurnLedger;
  mcp: McpToolSource;
  /** The gateway's own tools. */
  tools: readonly Tool[];
  /** A random hexadecimal string of this many bytes. */
  randomHex(bytes: number): string;
};
