import { bareModelName } from "#lib/providers/catalogue/model-rules.ts";

/**
 * Models that search the web for every request, without being asked: OpenAI's search models, Perplexity's Sonar,
 * Groq's Compound.
 */
const SEARCHING = /^(?:gpt-[\w.-]+-search-(?:preview|api)|sonar|compound)\b/;
/** OpenRouter's suffix for an answer with web search. */
const ONLINE = /:online$/;

/** Whether the model searches the web by itself. */
export function searchesByItself(model: string): boolean {
  return ONLINE.test(model) || SEARCHING.test(bareModelName(model));
}
