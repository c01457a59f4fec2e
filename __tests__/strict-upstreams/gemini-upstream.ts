import { field } from "#lib/shared/json.ts";
import type { Exchange } from "../support/fake-upstream.ts";
import { type AgentStep, type AgentView, nextStep } from "./agent-model.ts";
import { camelCased } from "./gemini-grammar.ts";
import { contentsOf, GEMINI_RULES, geminiError, geminiVersion } from "./gemini-rules.ts";
import { type Body, bodyOf, objectsOf, type Request, stringOf } from "./rule.ts";
import { seal } from "./seal.ts";
import { refuseOr, type StrictUpstream } from "./strict-upstream.ts";

const PATH = /^\/v1beta\/models\/([^/:]+):(generateContent|streamGenerateContent|countTokens)$/;

/** Google's Gemini API. */
export function strictGemini(): StrictUpstream {
  const upstream: StrictUpstream = {
    refusals: [],
    async script(exchange) {
      const [path = "", query = ""] = exchange.request.path.split("?");
      const [, model, method] = PATH.exec(path) ?? [];
      if (model === undefined || method === undefined)
        return exchange.json(404, geminiError(404, "Requested entity was not found.", "NOT_FOUND"));
      const body = bodyOf(exchange.request);
      const api = method === "countTokens" ? "countTokens" : "generateContent";
      const request: Request = { api, model, body, headers: exchange.request.headers };
      if (await refuseOr(upstream, exchange, GEMINI_RULES, request)) return;
      if (method === "countTokens") return exchange.json(200, { totalTokens: tokensOf(body) });
      const chunks = chunksOf(body, model, nextStep(viewOf(body)));
      if (method === "generateContent") return exchange.json(200, whole(chunks));
      if (!query.includes("alt=sse")) return exchange.json(200, chunks);
      await stream(exchange, chunks);
    },
  };
  return upstream;
}

const tokensOf = (body: Body): number => Math.ceil(JSON.stringify(body).length / 4);

function viewOf(body: Body): AgentView {
  const cased = camelCased(body) as Body;
  const contents = contentsOf(body);
  const parts = contents.flatMap((content) => content.parts);
  const config = cased["generationConfig"];
  const calling = field(field(cased["toolConfig"], "functionCallingConfig"), "allowedFunctionNames");
  const answerSchema = field(config, "responseJsonSchema") ?? field(config, "responseSchema");
  return {
    tools: objectsOf(cased["tools"])
      .flatMap((tool) => objectsOf(tool["functionDeclarations"]))
      .map((declaration) => ({
        name: stringOf(declaration["name"]),
        kind: "function",
        schema: lowerCased(declaration["parameters"] ?? declaration["parametersJsonSchema"]),
      })),
    text: [...objectsOf(field(cased["systemInstruction"], "parts")), ...parts]
      .map((part) => stringOf(part["text"]))
      .join("\n"),
    results: parts.filter((part) => part["functionResponse"] !== undefined).length,
    answers: contents.filter(({ role }) => role === "model").length,
    ...(answerSchema === undefined ? {} : { answerSchema: lowerCased(answerSchema) }),
    ...(Array.isArray(calling) && calling.length === 1 ? { forced: stringOf(calling[0]) } : {}),
  };
}

/** `STRING` is a type of Gemini's, `string` one of JSON Schema; both are taken. */
function lowerCased(schema: unknown): unknown {
  return JSON.parse(
    JSON.stringify(schema ?? {}, (key, value: unknown) =>
      key === "type" && typeof value === "string" ? value.toLowerCase() : value,
    ),
  );
}

/** A thought if it is asked for, the text, the call; from Gemini 3 on the call or the last part is signed. */
function chunksOf(body: Body, model: string, step: AgentStep): Body[] {
  const signs = geminiVersion(model) >= 300;
  const signature = signs ? { thoughtSignature: seal({ text: step.text, api: "gemini" }) } : {};
  const wantsThoughts =
    field(field(field(camelCased(body), "generationConfig"), "thinkingConfig"), "includeThoughts") === true;
  const parts: Body[] = [];
  if (wantsThoughts) parts.push({ text: step.thoughts[0], thought: true });
  const half = Math.ceil(step.text.length / 2);
  parts.push({ text: step.text.slice(0, half) }, { text: step.text.slice(half) });
  if (step.call !== undefined)
    parts.push({ functionCall: { name: step.call.tool.name, args: step.call.input }, ...signature });
  else parts.push({ text: "", ...signature });
  const usageMetadata = {
    promptTokenCount: tokensOf(body),
    candidatesTokenCount: 20,
    thoughtsTokenCount: 5,
    totalTokenCount: tokensOf(body) + 25,
  };
  return parts.map((part, at) => ({
    candidates: [
      {
        content: { parts: [part], role: "model" },
        index: 0,
        ...(at === parts.length - 1 ? { finishReason: "STOP" } : {}),
      },
    ],
    usageMetadata,
    modelVersion: model,
    responseId: "strict",
  }));
}

function whole(chunks: readonly Body[]): Body {
  const parts = chunks.flatMap((chunk) =>
    objectsOf(chunk["candidates"]).flatMap((candidate) => objectsOf(field(candidate["content"], "parts"))),
  );
  const kept = parts.filter((part) => part["text"] !== "" || part["thoughtSignature"] !== undefined);
  return {
    ...chunks.at(-1),
    candidates: [{ content: { parts: kept, role: "model" }, index: 0, finishReason: "STOP" }],
  };
}

async function stream(exchange: Exchange, chunks: readonly Body[]): Promise<void> {
  await exchange.startStream();
  for (const chunk of chunks) await exchange.chunk(`data: ${JSON.stringify(chunk)}\r\n\r\n`);
  await exchange.endStream();
}
