import type { AssistantPart, ChatRequest } from "#lib/chat/request.ts";
import { bareModelName, templateRules } from "#lib/providers/catalogue/model-rules.ts";
import { withFormatInstruction } from "#lib/providers/protocols/fit/format-instruction.ts";
import { fitHistory } from "#lib/providers/protocols/fit/history.ts";
import { isBlank } from "#lib/providers/protocols/fit/sent-parts.ts";
import { MISTRAL_IDS, OPENAI_IDS } from "#lib/providers/protocols/fit/tool-ids.ts";
import { LETTER_FIRST_NAMES, OPENAI_NAMES, withToolNames } from "#lib/providers/protocols/fit/tool-names.ts";
import type { ToolRestorations } from "#lib/providers/protocols/protocol.ts";
import type { Engine } from "#lib/providers/registry.ts";
import type { OpenAiDialect } from "#lib/providers/vendors/openai-dialect.ts";

type FittedRequest = { request: ChatRequest; renamed: ToolRestorations; dropped: string[] };

/** The request as this host and its model accept it. */
export function fitForOpenAi(
  original: ChatRequest,
  { model }: Engine,
  dialect: OpenAiDialect,
): FittedRequest {
  const dropped: string[] = [];
  const { alternates, isMistral, refusesBlank, letterFirstNames } = templateRules(model);
  const named = withToolNames(original, letterFirstNames ? LETTER_FIRST_NAMES : OPENAI_NAMES);
  if (named.hasDuplicates) dropped.push("tools");
  let { request } = named;
  const hasTools = (request.tools ?? []).some(({ type }) => type === "function");
  const format = request.responseFormat?.type ?? "text";
  if (!dialect.toolsWithFormat && hasTools && format !== "text") {
    request = withFormatInstruction(request);
    dropped.push("response_format");
  }
  const takesLaterSystem =
    typeof dialect.laterSystem === "boolean"
      ? dialect.laterSystem
      : dialect.laterSystem.test(bareModelName(model));
  request = fitHistory(request, {
    isSent: refusesBlank ? showsSomething : always,
    silence: { dialect: dialect.opaqueParts ? "openai" : undefined },
    laterSystem: takesLaterSystem ? "anywhere" : "never",
    ids: dialect.toolIds === "nine_alphanumerics" ? MISTRAL_IDS : OPENAI_IDS,
    first: takesLaterSystem ? "not_needed" : alternates || refusesBlank ? "user" : "any",
    takesLastAssistant: !isMistral || dialect.prefill !== "none",
  });
  return { request, renamed: named.renamed, dropped };
}

const always = (): boolean => true;

function showsSomething(part: AssistantPart): boolean {
  return part.type !== "text" || !isBlank(part.text);
}
