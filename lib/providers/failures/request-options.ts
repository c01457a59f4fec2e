import { field, isJsonObject, stringField } from "#lib/shared/json.ts";

/**
 * What a request asked for that other requests to the same engine do not: an error that comes from it says
 * nothing about the engine.
 */
export type RequestOptions = {
  /** OpenRouter's `provider` leaves out some of the hosts of a model. */
  limitsHosts: boolean;
  /** Anthropic's fast mode, which has a rate limit of its own. */
  fast: boolean;
  /** A service tier with a capacity of its own (`flex`, `priority`). */
  tier: boolean;
  /** The tokens that it may generate, in any API's field. */
  outputCap: number | undefined;
};

export const NO_OPTIONS: RequestOptions = {
  limitsHosts: false,
  fast: false,
  tier: false,
  outputCap: undefined,
};

/** Tiers that every request may have anyway. */
const PLAIN_TIERS = new Set(["", "auto", "default", "on_demand", "standard", "standard_only"]);
const CAP_FIELDS = ["max_tokens", "max_completion_tokens", "max_output_tokens", "max_new_tokens"];

/** The options in the body of a chat request, as it was sent. */
export function readRequestOptions(body: unknown): RequestOptions {
  if (!isJsonObject(body)) return NO_OPTIONS;
  return {
    limitsHosts: limitsHosts(body["provider"]),
    fast: body["speed"] === "fast",
    tier: !PLAIN_TIERS.has(stringField(body, "service_tier") ?? ""),
    outputCap: outputCapOf(body),
  };
}

/**
 * Whether a routing object excludes hosts; one that only orders them (`sort`, `order` with fallbacks) does not.
 * Source: OpenRouter's documentation of provider routing.
 */
function limitsHosts(routing: unknown): boolean {
  if (!isJsonObject(routing)) return false;
  const isSet = (name: string): boolean => {
    const value = routing[name];
    return Array.isArray(value) ? value.length > 0 : value !== undefined && value !== null;
  };
  return (
    ["only", "ignore", "quantizations", "max_price"].some(isSet) ||
    ["require_parameters", "zdr", "enforce_distillable_text"].some((name) => routing[name] === true) ||
    routing["data_collection"] === "deny" ||
    (isSet("order") && routing["allow_fallbacks"] === false)
  );
}

function outputCapOf(body: Record<string, unknown>): number | undefined {
  const values = [
    ...CAP_FIELDS.map((name) => body[name]),
    field(body["generationConfig"], "maxOutputTokens"),
    field(body["options"], "num_predict"),
  ];
  return values.find((value) => typeof value === "number");
}
