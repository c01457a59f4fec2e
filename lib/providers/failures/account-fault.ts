import type { ProviderError } from "#lib/providers/failures/error-body.ts";
import { hasCode, namesOtherParam, ownWords } from "#lib/providers/failures/error-vocabulary.ts";
import type { FailureProblem } from "#lib/providers/failures/failure.ts";
import type { RequestOptions } from "#lib/providers/failures/request-options.ts";

/** The problems that only the owner of the account at the provider can mend. */
export type AccountProblem = Exclude<FailureProblem, "wrong_address">;

/** What an error says. */
export type Said = {
  status: number;
  error: ProviderError | undefined;
  /** The message in the provider's own words, as `ownWords` returns it. */
  prose: string;
  options: RequestOptions;
};

const CODES: readonly (readonly [AccountProblem, ReadonlySet<string>])[] = [
  [
    "no_credit",
    new Set([
      "insufficient_quota",
      "billing_error",
      "billing_hard_limit_reached",
      "billing_not_active",
      "insufficient_balance",
      "insufficient_credits",
      "insufficient_user_quota",
      "exceeded_current_quota_error",
      "credit_limit",
      "credit_limit_exceeded",
      "blocked_api_access",
      "Arrearage",
      "AllocationQuota.FreeTierOnly",
    ]),
  ],
  // Cloudflare: developers.cloudflare.com/workers-ai/platform/errors
  ["daily_allowance", new Set(["3036"])],
  [
    "account_disabled",
    new Set([
      // Cloudflare: there is no account with this id.
      "7000",
      "7003",
      "account_deactivated",
      "account_suspended",
      "account_disabled",
      "organization_deactivated",
      "organization_restricted",
      "organization_disabled",
      "CONSUMER_SUSPENDED",
      "SERVICE_DISABLED",
    ]),
  ],
  [
    "region",
    new Set(["unsupported_country_region_territory", "unsupported_country", "region_not_supported"]),
  ],
  [
    "not_enabled",
    new Set(["model_terms_required", "model_not_enabled", "AccessDenied.Unpurchased", "5016", "5035"]),
  ],
];

/** Who a sentence about an account begins with. */
const ACCOUNT = String.raw`(?:your |the |this )?(?:(?:api |current |prepaid |prepayment |billing |google cloud )*(?:account|organi[sz]ation|project|workspace|team|balance|credits?|plan|subscription)\b|you\b)`;
const WHOSE = String.raw`(?:${ACCOUNT}|(?:your |the |this )?(?:api )?key\b)`;

/**
 * Sentences about the account. They count at the beginning of a message alone: what follows may be an echo of
 * the request.
 */
const SENTENCES: readonly (readonly [AccountProblem, RegExp])[] = [
  [
    "no_credit",
    // Anthropic, xAI, Gemini, Groq, OpenRouter ("Key limit exceeded"), Cohere's trial keys, Fireworks.
    begins(
      String.raw`${WHOSE}.{0,80}?(?:balance (?:is )?too low|(?:insufficient|not enough|no|out of|used all|run out of|exhausted)(?: available| remaining| your)? (?:credits?|balance|funds|quota)|(?:are|is|has been|have been) (?:depleted|exhausted|insufficient|negative|used up)|(?:does not|doesn't) have (?:enough|sufficient|any) (?:credits?|balance|funds)|(?:spend(?:ing)?|usage|billing|budget|total|monthly|weekly|daily|key|credit)s? (?:limits?|cap|quota)\b.{0,24}(?:exceeded|reached)|(?:limit|quota) (?:was |is |has been )?(?:exceeded|reached)(?: \((?:total|daily|weekly|monthly) limit\))?\. manage|(?:reached|exceeded|hit) (?:your|its|the) (?:specified |configured |monthly |daily |weekly |api |included )*(?:usage|spend(?:ing)?|billing|credit|budget)|(?:monthly|trial) (?:included )?(?:credits|usage) )`,
    ),
  ],
  [
    "no_credit",
    begins(
      String.raw`(?:(?:您的|该|用户|账户|账号|令牌)*(?:余额|额度|配额)(?:不足|已用尽)|(?:您的)?(?:账户|账号)已?欠费|insufficient (?:credits?|balance|funds|account balance)|(?:spend(?:ing)?|billing|budget|monthly spend(?:ing)?) (?:hard )?(?:limit|cap) (?:has been |was )?(?:exceeded|reached)|out of credits?|payment required|key limit exceeded|you are using a trial key, which is limited to \d+ api calls? ?(?:\/|per) ?month|trial (?:has )?(?:ended|expired))`,
    ),
  ],
  [
    "account_disabled",
    begins(
      String.raw`${ACCOUNT}.{0,80}?\b(?:deactivated|disabled|suspended|restricted|terminated|banned|not active|not in good standing)\b`,
    ),
  ],
  ["account_disabled", begins("access denied, please make sure your account is in good standing")],
  [
    "region",
    begins(
      "(?:(?:user|caller|your|the user's|the caller's) )?location is not (?:supported|allowed)|countr(?:y|ies),? regions?,? or territor(?:y|ies) (?:is )?not supported|(?:\\w+ ){0,3}(?:api|service|provider|product|tier)s? (?:is|are) not (?:available|supported|allowed) in your (?:country|region|location|territory)|access from (?:your|this) (?:country|region|location) is not|requests? from (?:your|this|unsupported) (?:countr|region|location)",
    ),
  ],
  [
    "not_enabled",
    begins(
      String.raw`(?:your |the |this )?organi[sz]ation must be verified|(?:the |this )?model\b.{0,120}?(?:requires (?:terms acceptance|a paid|an? (?:upgraded|higher))|is not (?:enabled|activated|allowed|available) (?:for|on|in|with) (?:your|this) (?:account|organi[sz]ation|project|plan|key|tier|workspace|region|country)|is blocked at the (?:organi[sz]ation|project))|access to .{1,60} models is not allowed from unsupported|you (?:don't|do not) have access to the model|you (?:have not|haven't) (?:enabled|activated|been granted) .{0,40}model|invocation of model id .{0,120}? with on-demand throughput`,
    ),
  ],
];

function begins(source: string): RegExp {
  return new RegExp(`^(?:${source})`, "i");
}

/** Used with 401, 402 and 403, which are always about the key or the account. */
const MENTIONS_CREDIT = /\bcredits?\b|\bbalance\b|\bbilling\b|\bpayments?\b|\bfunds\b/i;
/** Tavily's statuses for the limit of the plan, and for that of what is paid as it is used. */
const PLAN_LIMITS = [432, 433];
/** A quota of nothing: the model is not in this plan (Gemini's free tier). */
const NO_QUOTA = /\blimit: 0(?![\d.])/i;

/**
 * OpenRouter's 404 and 502 for a model of which the account's privacy settings, guardrails or allow-lists leave
 * no host (dnakov/anon-kode#13, omnara-ai/omnara#501).
 */
const NO_HOST_LEFT =
  /^(?:[\w. ]{1,24}: )?(?:no (?:endpoints?|allowed providers?|providers?)\b.{0,60}?(?:data policy|guardrail|privacy|for the selected model|account settings)|all providers have been ignored|(?:paid|free) model (?:training|publication) violation|.{0,60}\(account settings\): \d+ endpoints? excluded)/i;

/** Whether all hosts of the model are left out, by the request's own options or by the account's settings. */
export function leavesNoHost({ status, prose }: Said): boolean {
  return status >= 400 && NO_HOST_LEFT.test(prose);
}

/**
 * What is wrong with the operator's account at the provider; undefined if the error is about something else.
 * Codes decide at any status; sentences only where a provider speaks of its clients, which excludes 5xx.
 */
export function accountProblem(said: Said): AccountProblem | undefined {
  const { status, error, prose } = said;
  for (const [problem, codes] of CODES) if (hasCode(error, codes)) return problem;
  // The request's own options are at fault first.
  if (leavesNoHost(said)) return said.options.limitsHosts ? undefined : "data_policy";
  if (status >= 500 || status < 400) return undefined;
  const forwarded = ownWords(error?.forwarded ?? "");
  const isAboutField = namesOtherParam(error);
  for (const [problem, sentence] of SENTENCES) {
    // OpenAI blames `stream` when an organization must be verified to stream a model.
    if (isAboutField && problem !== "not_enabled") continue;
    if (sentence.test(prose)) return problem;
    // What a host behind OpenRouter says of its account concerns one model of many.
    if (forwarded !== "" && sentence.test(forwarded)) return "not_enabled";
  }
  if (status === 402 || PLAN_LIMITS.includes(status)) return "no_credit";
  if ((status === 401 || status === 403) && MENTIONS_CREDIT.test(prose)) return "no_credit";
  return status === 429 && NO_QUOTA.test(prose) ? "not_enabled" : undefined;
}
