import { nextStep } from "./agent-model.ts";
import { answerChat, type ChatStyle, chatView } from "./openai-upstream.ts";
import { OWN_RULES } from "./own-rules.ts";
import { bodyOf, type Request, stringOf } from "./rule.ts";
import { refuseOr, type StrictUpstream } from "./strict-upstream.ts";

/** A server of one's own, as vLLM, Ollama or Kimi's: the model's name chooses whose rules hold. */
export function strictOwn(): StrictUpstream {
  const upstream: StrictUpstream = {
    refusals: [],
    async script(exchange) {
      const path = exchange.request.path.replace(/\?.*$/, "");
      const body = bodyOf(exchange.request);
      const model = stringOf(body["model"]);
      if (path !== "/v1/chat/completions") return exchange.json(404, { detail: "Not Found" });
      const request: Request = { api: "own", model, body, headers: exchange.request.headers };
      if (await refuseOr(upstream, exchange, OWN_RULES, request)) return;
      await answerChat(exchange, body, nextStep(chatView(body)), styleOf(model));
    },
  };
  return upstream;
}

/** Kimi's ids hold the function's name and its place in the conversation. */
function styleOf(model: string): ChatStyle {
  if (/kimi/.test(model))
    return { reasoning: "reasoning_content", idOf: (name, at) => `functions.${name}:${at}` };
  return /ollama|llama/.test(model) ? {} : { reasoning: "reasoning" };
}
