import { leavesNoHost, type Said } from "#lib/providers/failures/account-fault.ts";
import {
  CONTEXT_LENGTH,
  hasCode,
  namesOtherParam,
  UNSUPPORTED,
} from "#lib/providers/failures/error-vocabulary.ts";
import type { FailureKind } from "#lib/providers/failures/failure.ts";

/** Tokens or requests against a limit, as Groq and OpenAI write them. */
const AGAINST_LIMIT =
  /\blimit:? ~?(\d[\d,]{0,14})\b(?:[^.\d]{0,20}used:? ~?(\d[\d,]{0,14}))?[^.\d]{0,20}requested:? ~?(\d[\d,]{0,14})/i;
const A_MINUTE = /tokens? per (?:min|day|hour)|\bTPM\b|\bTPD\b|rate limit/i;
const RATE_LIMIT_CODES = new Set([
  "rate_limit_exceeded",
  "rate_limit_error",
  "tokens",
  "token_quota_exceeded",
]);

/** By how much a request is larger than the whole limit of the account; undefined if it fits, or is not told. */
export function excessOverLimit(message: string): number | undefined {
  const match = AGAINST_LIMIT.exec(message);
  if (match === null) return undefined;
  const [limit, requested] = [match[1], match[3]].map((text) => Number((text ?? "").replace(/,/g, "")));
  return limit !== undefined && requested !== undefined && requested > limit ? requested - limit : undefined;
}

/** Anthropic's 1M context, for which an account may have to pay extra (Wei-Shaw/sub2api#572). */
const LONG_CONTEXT = /^(?:extra usage is required for|the) (?:long|1m) context\b/i;
/** Anthropic's fast mode, the tiers of OpenAI and Groq. */
const OWN_CAPACITY =
  /^(?:.{0,60}\bfast mode\b|.{0,40}\b(?:flex|priority)\b|resource[ _]unavailable|.{0,120}\bservice tier\b)/i;
const OWN_CAPACITY_CODES = new Set(["resource_unavailable", "capacity_exceeded", "flex_unavailable"]);

/** OpenAI; Azure's "Your request exceeds the maximum usage size allowed during peak load". */
const OVERSIZED =
  /^(?:request (?:body )?too large\b|(?:your |the |this )?request(?:'s)? size exceeds\b|(?:your |the |this )?request exceeds the (?!.{0,80}\b(?:rate|quota|requests|per (?:second|minute|hour|day)|[rt]p[md])\b)\w)/i;

/** OpenRouter's 402 for a request that exceeds the remaining credit; a smaller one would be answered. */
const EXCEEDS_CREDIT =
  /\bmax_tokens\b|token capacity required|prompt tokens limit|(?:fewer|smaller|shorter|reduce).{0,40}(?:prompt|tokens)/i;
const AFFORDS_NOTHING = /can only afford (?:-\d+|0)\b/i;

/**
 * What this one request caused by its options or its size: a kind that benches nothing. Undefined if the error is
 * about something else.
 * @param hasHint the provider says when to try again.
 */
export function requestFault(said: Said, hasHint: boolean): FailureKind | undefined {
  const { status, error, prose, options } = said;
  if (options.limitsHosts && (leavesNoHost(said) || status === 404)) {
    // A host that cannot be chosen says nothing about the model, unless its name is wrong altogether.
    return /^\S{0,120} ?is not a valid model/i.test(prose) ? undefined : "refused";
  }
  if (UNSUPPORTED.test(prose)) return "refused";
  const message = (error?.message ?? "").slice(0, 2_000);
  switch (status) {
    case 402:
      return EXCEEDS_CREDIT.test(prose) && !AFFORDS_NOTHING.test(prose) ? "oversized" : undefined;
    case 413:
      if (!hasCode(error, RATE_LIMIT_CODES) && !A_MINUTE.test(prose)) return undefined;
      return !hasHint && excessOverLimit(message) !== undefined ? "oversized" : "rate_limited";
    case 429:
      if (options.fast || LONG_CONTEXT.test(prose)) return "refused";
      if (hasCode(error, OWN_CAPACITY_CODES) || (options.tier && OWN_CAPACITY.test(prose))) return "refused";
      return excessOverLimit(message) === undefined && !OVERSIZED.test(prose) ? undefined : "oversized";
    case 498:
      // Groq's flex tier is full.
      return options.tier ? "refused" : undefined;
    case 501:
      return "refused";
  }
  if (status < 500) return LONG_CONTEXT.test(prose) ? "refused" : undefined;
  return faultOf5xx(said);
}

/** What servers put before the reason, one behind the other. */
const PREFIX = String.raw`(?:[-\s*]*(?:(?:\w{0,40}(?:error|exception)|error code|failed to create new sequence|failed to process inputs?|unable to process|internal server error|invalid_request_error|bad request|<\d{3}>)[^:\w]{0,8}(?:\d{3})?[: -]+)){0,5}[-\s]*`;
/**
 * Reasons of a 5xx that are about the request: Ollama, llama.cpp, LM Studio, vLLM, SGLang and proxies before
 * them. At the beginning of the message alone: what follows may be an echo of the request.
 */
const ABOUT_REQUEST = [
  // Images, audio, files.
  "(?:this model is )?missing data required for (?:image|audio|video)",
  "(?:this |the )?(?:image|audio|video|vision|file|pdf|multi-?modal)s? (?:inputs?|content|data|parts?|urls?)? ?(?:is|are) not supported",
  "(?:image|audio): unknown format",
  "(?:invalid|unsupported|corrupt(?:ed)?|could not (?:load|decode|read)|cannot identify|failed to (?:load|decode|process|parse|fetch|download|open)) (?:the )?(?:input |base64 |image |audio |content )?(?:image|audio|video|file|url|base64|media|bitmap|mtmd)",
  "illegal base64 data",
  // What a model does not do.
  "(?:th(?:is|e) \\w+|\\S{0,160}) ?(?:does not|doesn't|do not|cannot|can't) (?:support|use|handle|accept) (?:\\w+ ){0,3}(?:tools?|functions?|images?|multi-?modal|vision|audio|video|thinking|chat|streaming|embeddings?|completions?|json|schemas?|grammars?|logprobs|system|insert|multiple|inputs?|content)",
  "tools? (?:param|choice|call\\w*|use|usage)\\b.{0,20}(?:requires?|is not supported|are not supported)",
  "(?:unsupported|invalid|unknown|unexpected|unrecognized) (?:message |request |input |chat )?(?:content|messages?|param(?:eter)?s?|roles?|tools?|tool[_ ]choice|tool[_ ]calls?|response[_ ]format|(?:json )?schemas?|grammar|prompt|input|request body|request|type of content|arguments?|function|stop|logit_bias|sampl\\w+|chat template kwargs?)\\b",
  "only (?:user|text|system|string)\\b.{0,60}(?:supported|allowed)",
  "system (?:role|messages?|prompts?) (?:is |are )?not supported",
  // Schemas and grammars.
  "(?:failed|unable|error|could not) (?:to )?(?:parse|parsing|initiali[sz]e|compile|compiling|convert|build|generate|generating|apply|applying|render|rendering) (?:the )?(?:\\w+ )?(?:grammar|(?:json )?schema|samplers?|messages?|tools?|tool calls?|tool call arguments|request|input|prompt|parser|(?:chat |jinja )?template|content|regex)",
  "(?:json )?schema (?:conversion|validation|error|is not|could not)",
  "(?:json: )?cannot unmarshal",
  // Chat templates.
  "(?:after the optional system message, )?conversation roles must alternate",
  "while executing \\w+ at line",
  ".{0,80}\\bat row \\d+, column \\d+:",
  "jinja (?:exception|template)",
  "(?:no user query found|expected (?:a |the )?(?:user|assistant|last|first|role)|cannot (?:pass|have|continue)|tool (?:call|message|result)s?\\b.{0,40}(?:must|should|without|expected|not))",
  "(?:messages?|roles?|conversations?|prompts?|the last message|the first message|assistant messages?|system messages?)\\b.{0,40}(?:must|should|cannot|required|empty|expected|only|missing)",
  "(?:\\d+ validation errors?|validationerror|valueerror|unprocessable|litellm\\.(?:badrequest|unsupportedparams|contextwindowexceeded)error)",
].join("|");
const ABOUT_THE_REQUEST = new RegExp(`^${PREFIX}(?:${ABOUT_REQUEST})`, "i");
const TOO_LONG = new RegExp(
  `^${PREFIX}(?:(?:the )?(?:input|prompt|request|context|messages?)\\b.{0,60}(?:exceed|too (?:long|large)|longer than)|(?:this model's )?maximum context length)`,
  "i",
);

/** A 5xx that is a refusal of the request (Ollama, llama.cpp): the same request would fail again, others not. */
function faultOf5xx({ error, prose }: Said): FailureKind | undefined {
  if (TOO_LONG.test(prose) && CONTEXT_LENGTH.test(prose)) return "context_length";
  if (namesOtherParam(error) || ABOUT_THE_REQUEST.test(prose)) return "refused";
  return undefined;
}
