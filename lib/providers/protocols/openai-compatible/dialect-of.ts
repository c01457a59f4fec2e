import type { PromptCaching } from "#lib/providers/cache.ts";
import { bareModelName } from "#lib/providers/catalogue/model-rules.ts";
import { takesCustomTools } from "#lib/providers/protocols/custom-tools.ts";
import type { ContinuationStrategy } from "#lib/providers/protocols/protocol.ts";
import type { Engine } from "#lib/providers/registry.ts";
import type { OpenAiDialect } from "#lib/providers/vendors/openai-dialect.ts";

/** The dialect of an engine of this protocol. Throws `TypeError` for any other engine, which is a bug. */
export function dialectOf({ id, provider }: Engine): OpenAiDialect {
  const dialect = provider.chat?.dialect;
  if (dialect === undefined)
    throw new TypeError(`The engine ${id} does not use the OpenAI protocol for chat.`);
  return dialect;
}

/** Whether the engine takes custom tools as they are, by either API of OpenAI's. */
export function knowsCustomTools(engine: Engine): boolean {
  const { customToolModels } = dialectOf(engine);
  return takesCustomTools(engine, customToolModels?.test(bareModelName(engine.model)) === true);
}

export function openAiPromptCaching(engine: Engine): PromptCaching {
  const { cacheControl, promptCacheKey } = dialectOf(engine);
  if (cacheControl && engine.model.includes("claude")) return "breakpoints";
  return promptCacheKey ? "key" : "implicit";
}

const CONTINUATION = {
  none: "instructed",
  plain: "prefill",
  prefix: "echoedPrefill",
} as const satisfies Record<OpenAiDialect["prefill"], ContinuationStrategy>;

export function openAiContinuation(engine: Engine): ContinuationStrategy {
  return CONTINUATION[dialectOf(engine).prefill];
}
