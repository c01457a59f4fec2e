import { MODE_IDS, type ModeId } from "#lib/ai-models.ts";
import type { Capability } from "#lib/chat/capabilities.ts";
import { hasCapability } from "#lib/providers/chat/eligibility.ts";
import type { Engine } from "#lib/providers/registry.ts";
import { mayUseMode } from "#lib/services/admission/key-admission.ts";
import { hasImage } from "#lib/services/chat/document-input.ts";
import type { ChatInput } from "#lib/services/chat/turn.ts";
import { isScan } from "#lib/services/documents/attached-file.ts";
import type { EngineDependencies } from "#lib/services/engines/engine-dependencies.ts";
import type { Caller } from "#lib/services/identity/caller.ts";
import { GatewayError } from "#lib/shared/errors.ts";

/** Why a PDF without text cannot be used, and what to do. */
export const NO_READER =
  "The PDF has no text, only pictures, and no engine that reads pictures of pages is configured. Send it with text " +
  "(after text recognition), or its pages as images.";

/** Whether each of these engines, and not only some, can do all of this. */
export function allCan(engines: readonly Engine[], needs: readonly Capability[]): boolean {
  return engines.every((engine) => can(engine, needs));
}

/** For whom, and for which mode, engines are looked for. */
type EngineSearch = Pick<EngineDependencies, "enginesOf" | "overrides"> & { caller: Caller; mode: ModeId };

/**
 * The engines for a message: if PDFs without text came with it, those that read such files themselves. If there are
 * none, the turn goes on without these files; throws `unprocessable` if there is nothing else.
 */
export async function withReaders(
  engines: readonly Engine[],
  input: Pick<ChatInput, "image" | "attached">,
  { caller, mode, ...dependencies }: EngineSearch,
): Promise<readonly Engine[]> {
  const scan = input.attached?.files.find(isScan);
  if (scan === undefined) return engines;
  const needs: Capability[] = hasImage(input) ? ["images", "documents"] : ["documents"];
  const readers = await enginesThatCan(needs, engines, { caller, mode, ...dependencies });
  if (readers.length > 0) return readers;
  const { files = [], unread = [] } = input.attached ?? {};
  const isAlone = files.length === 1 && unread.length === 0 && input.image === undefined;
  if (!isAlone) return engines;
  throw new GatewayError("unprocessable", `${scan.name}: ${NO_READER}`, {
    details: { file: scan.name, problem: "no_text" },
  });
}

/**
 * The engines that can do this: those of the turn, or, if none of them can, those of any mode that the caller may
 * use, but for those that are switched off in this one. Empty if there is none.
 */
export async function enginesThatCan(
  needs: readonly Capability[],
  engines: readonly Engine[],
  { caller, mode, enginesOf, overrides }: EngineSearch,
): Promise<readonly Engine[]> {
  const own = engines.filter((engine) => can(engine, needs));
  if (own.length > 0) return own;
  const modes = MODE_IDS.filter((one) => mayUseMode(caller, one));
  const others = overrides.lent(mode, (await Promise.all(modes.map((one) => enginesOf(one)))).flat());
  return [...new Map(others.filter((engine) => can(engine, needs)).map((one) => [one.id, one])).values()];
}

function can(engine: Engine, needs: readonly Capability[]): boolean {
  return needs.every((need) => hasCapability(engine, need));
}
