import { anthropic } from "#lib/providers/protocols/anthropic/index.ts";
import { cloudflare } from "#lib/providers/protocols/cloudflare/index.ts";
import type { DrawPower } from "#lib/providers/protocols/draw-power.ts";
import { gemini } from "#lib/providers/protocols/gemini/index.ts";
import { openAiCompatible } from "#lib/providers/protocols/openai-compatible/index.ts";
import { openAiResponses } from "#lib/providers/protocols/openai-responses/index.ts";
import type { ChatPower, ChatProtocol, Protocol } from "#lib/providers/protocols/protocol.ts";
import type { SearchPower } from "#lib/providers/protocols/search-power.ts";
import type { SpeakPower } from "#lib/providers/protocols/speak-power.ts";
import { tavily } from "#lib/providers/protocols/tavily/index.ts";
import type { TranscribePower } from "#lib/providers/protocols/transcribe-power.ts";
import type { Engine } from "#lib/providers/registry.ts";
import type { ProtocolId, ServiceProtocolId } from "#lib/providers/vendors/provider.ts";

/** The wire protocols of engines that chat. A new protocol id does not compile until it has an entry here. */
export const PROTOCOLS: Readonly<Record<ProtocolId, ChatProtocol>> = {
  "openai-compatible": openAiCompatible,
  "openai-responses": openAiResponses,
  anthropic,
  gemini,
};

const ALL: Readonly<Record<ProtocolId | ServiceProtocolId, Protocol>> = {
  ...PROTOCOLS,
  tavily,
  cloudflare,
};

/** The protocol of the engine's API. */
export function protocolOf({ protocol }: Engine): Protocol {
  return ALL[protocol];
}

/** How the engine is asked to chat. Throws `TypeError` for an engine that does not chat, a bug. */
export function chatPowerOf(engine: Engine): ChatPower {
  const { chat } = protocolOf(engine);
  if (chat === undefined) throw new TypeError(`The engine ${engine.id} does not chat.`);
  return chat;
}

/** How the engine searches the web. Throws `TypeError` for an engine that cannot, a bug. */
export function searchPowerOf(engine: Engine): SearchPower {
  const { search } = protocolOf(engine);
  if (search === undefined) throw new TypeError(`The engine ${engine.id} does not search.`);
  return search;
}

/** How the engine transcribes. Throws `TypeError` for an engine that cannot, a bug. */
export function transcribePowerOf(engine: Engine): TranscribePower {
  const { transcribe } = protocolOf(engine);
  if (transcribe === undefined) throw new TypeError(`The engine ${engine.id} does not transcribe.`);
  return transcribe;
}

/** How the engine speaks. Throws `TypeError` for an engine that cannot, a bug. */
export function speakPowerOf(engine: Engine): SpeakPower {
  const { speak } = protocolOf(engine);
  if (speak === undefined) throw new TypeError(`The engine ${engine.id} does not speak.`);
  return speak;
}

/** How the engine draws. Throws `TypeError` for an engine that cannot, a bug. */
export function drawPowerOf(engine: Engine): DrawPower {
  const { draw } = protocolOf(engine);
  if (draw === undefined) throw new TypeError(`The engine ${engine.id} does not draw.`);
  return draw;
}
