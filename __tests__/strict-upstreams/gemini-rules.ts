import { arrayField, field, isJsonObject } from "#lib/shared/json.ts";
import { camelCased, protoFault, schemaFaults } from "./gemini-grammar.ts";
import { type Body, firstOf, objectsOf, type Rule, stringOf } from "./rule.ts";
import { unseal } from "./seal.ts";

/** An error body of Google's. */
export function geminiError(code: number, message: string, status = "INVALID_ARGUMENT"): unknown {
  return { error: { code, message, status } };
}

const BOTH = ["generateContent", "countTokens"] as const;
const GENERATE = ["generateContent"] as const;

/** 3.8 is 308; 2.5 is 205. */
export function geminiVersion(model: string): number {
  const match = /gemini-(\d+)(?:\.(\d+))?/.exec(model) ?? [];
  return Number(match[1] ?? 99) * 100 + Number(match[2] ?? 0);
}

export type Content = { role: string; parts: Body[] };

/** The contents in camel case; a content without a role is the user's. */
export function contentsOf(body: Body): Content[] {
  const cased = camelCased(body);
  const own = field(cased, "contents") ?? field(field(cased, "generateContentRequest"), "contents");
  return objectsOf(own).map((content) => ({
    role: stringOf(content["role"]) || "user",
    parts: objectsOf(content["parts"]),
  }));
}

const holds = (name: string) => (content: Content | undefined) =>
  content?.parts.some((part) => part[name] !== undefined) === true;
const isCall = holds("functionCall");
const isResponse = holds("functionResponse");
const invalid = (message: string | undefined): unknown =>
  message === undefined ? undefined : geminiError(400, message);
const config = (body: Body): unknown => field(camelCased(body), "generationConfig");
const declarationsOf = (body: Body): Body[] =>
  objectsOf(field(camelCased(body), "tools")).flatMap((tool) => objectsOf(tool["functionDeclarations"]));

/**
 * What `generateContent`, `streamGenerateContent` and `countTokens` refuse. Reports: gemini-cli#26486,
 * gemini-cli#17208, paws#103, kimi-code#3274, SuperGemini_Framework#12, laravel/ai#490, AIStudioToAPI#154.
 */
export const GEMINI_RULES: readonly Rule[] = [
  {
    api: BOTH,
    when: "no key",
    status: 403,
    body: ({ headers }) =>
      headers["x-goog-api-key"] === undefined
        ? geminiError(
            403,
            "Method doesn't allow unregistered callers (callers without established identity). Please use API Key or other form of API consumer identity to call this API.",
            "PERMISSION_DENIED",
          )
        : undefined,
  },
  {
    api: BOTH,
    when: "a model that is not Gemini",
    status: 404,
    body: ({ model }) =>
      /^gemini-/.test(model)
        ? undefined
        : geminiError(
            404,
            `models/${model} is not found for API version v1beta, or is not supported for generateContent. Call ListModels to see the list of available models and their supported methods.`,
            "NOT_FOUND",
          ),
  },
  {
    api: BOTH,
    when: "a field that the proto does not have, or a value of another kind",
    status: 400,
    body: ({ api, body }) =>
      invalid(protoFault(api === "countTokens" ? "countTokens" : "generateContent", body)),
  },
  {
    api: BOTH,
    when: "no contents",
    status: 400,
    body: ({ body }) =>
      contentsOf(body).length === 0
        ? invalid("* GenerateContentRequest.contents: contents is not specified\n")
        : undefined,
  },
  {
    api: BOTH,
    when: "a role that is neither user nor model",
    status: 400,
    body: ({ body }) =>
      contentsOf(body).some(({ role }) => !["user", "model", "function"].includes(role))
        ? invalid("Please use a valid role: user, model.")
        : undefined,
  },
  {
    api: BOTH,
    when: "a content without parts, or a part without data",
    status: 400,
    body: ({ body }) => invalid(partsFault(body)),
  },
  {
    api: BOTH,
    when: "a schema that Gemini does not take",
    status: 400,
    body: ({ body }) => {
      const faults = schemaFaults(body);
      return faults.length === 0 ? undefined : invalid(`${faults.join("\n")}\n`);
    },
  },
  {
    api: BOTH,
    when: "a function's name with other characters, or two of one name",
    status: 400,
    body: ({ body }) => invalid(nameFault(declarationsOf(body))),
  },
  {
    api: BOTH,
    when: "calls and responses that do not stand side by side",
    status: 400,
    body: ({ body }) => invalid(pairingFault(contentsOf(body))),
  },
  {
    api: BOTH,
    when: "a conversation that ends with the model",
    status: 400,
    body: ({ body }) =>
      contentsOf(body).at(-1)?.role === "model"
        ? invalid("Please ensure that multiturn requests end with a user role or a function response.")
        : undefined,
  },
  {
    api: GENERATE,
    when: "a call of the current turn without a thought signature, from Gemini 3 on",
    status: 400,
    body: ({ body, model }) =>
      geminiVersion(model) >= 300 ? invalid(signatureFault(contentsOf(body))) : undefined,
  },
  {
    api: GENERATE,
    when: "a thought signature that is not Google's",
    status: 400,
    body: ({ body }) =>
      contentsOf(body).some(({ parts }) => parts.some((part) => isForeign(part["thoughtSignature"])))
        ? invalid("Corrupted thought signature.")
        : undefined,
  },
  {
    api: BOTH,
    when: "data of a type that Gemini does not take",
    status: 400,
    body: ({ body }) => invalid(mediaFault(contentsOf(body))),
  },
  {
    api: GENERATE,
    when: "Google Search beside functions, before Gemini 3",
    status: 400,
    body: ({ body, model }) => {
      const tools = objectsOf(field(camelCased(body), "tools"));
      const isMixed =
        declarationsOf(body).length > 0 && tools.some((tool) => tool["googleSearch"] !== undefined);
      return isMixed && geminiVersion(model) < 300
        ? invalid("Tool use with function calling is unsupported by the model.")
        : undefined;
    },
  },
  {
    api: GENERATE,
    when: "functions beside a JSON answer, before Gemini 3",
    status: 400,
    body: ({ body, model }) =>
      geminiVersion(model) < 300 &&
      declarationsOf(body).length > 0 &&
      field(config(body), "responseMimeType") === "application/json"
        ? invalid("Function calling with a response mime type: 'application/json' is unsupported")
        : undefined,
  },
  {
    api: GENERATE,
    when: "a mode of calling without functions, or names that are none",
    status: 400,
    body: ({ body }) => invalid(callingFault(body)),
  },
  {
    api: GENERATE,
    when: "thinking that the model does not take",
    status: 400,
    body: ({ body, model }) => {
      const thinking = field(config(body), "thinkingConfig");
      if (!isJsonObject(thinking)) return undefined;
      const { thinkingLevel, thinkingBudget } = thinking;
      if (thinkingLevel !== undefined && thinkingBudget !== undefined)
        return invalid("You can only set one of thinking budget and thinking level.");
      if (thinkingLevel !== undefined && geminiVersion(model) < 300)
        return invalid("Thinking level is not supported for this model.");
      return geminiVersion(model) < 205 ? invalid("Thinking is not enabled for this model.") : undefined;
    },
  },
  {
    api: GENERATE,
    when: "more output tokens than the model's ceiling",
    status: 400,
    body: ({ body, model }) => {
      const cap = field(config(body), "maxOutputTokens");
      const most = geminiVersion(model) < 205 ? 8_192 : 65_536;
      return typeof cap === "number" && (cap > most || cap < 1)
        ? invalid(
            `Unable to submit request because it has a maxOutputTokens value of ${cap} but the supported range is from 1 (inclusive) to ${most + 1} (exclusive). Update the value and try again.`,
          )
        : undefined;
    },
  },
  {
    api: GENERATE,
    when: "a temperature out of its range",
    status: 400,
    body: ({ body }) => {
      const temperature = field(config(body), "temperature");
      return typeof temperature === "number" && (temperature < 0 || temperature > 2)
        ? invalid(
            "* GenerateContentRequest.generation_config.temperature: temperature must be in the range [0.0, 2.0]\n",
          )
        : undefined;
    },
  },
  {
    api: GENERATE,
    when: "more than five stop sequences, or an empty one",
    status: 400,
    body: ({ body }) => {
      const stops = arrayField(config(body), "stopSequences");
      return stops.length > 5 || stops.includes("")
        ? invalid(
            "* GenerateContentRequest.generation_config.stop_sequences: must be at most 5 non-empty strings\n",
          )
        : undefined;
    },
  },
];

const DATA = [
  "text",
  "inlineData",
  "fileData",
  "functionCall",
  "functionResponse",
  "executableCode",
  "codeExecutionResult",
];

function partsFault(body: Body): string | undefined {
  const faults = contentsOf(body).flatMap(({ parts }, at) => {
    if (parts.length === 0)
      return [`* GenerateContentRequest.contents[${at}].parts: contents.parts must not be empty.`];
    return parts.flatMap((part, index) =>
      DATA.some((name) => part[name] !== undefined)
        ? []
        : [
            `* GenerateContentRequest.contents[${at}].parts[${index}].data: required oneof field 'data' must have one initialized field`,
          ],
    );
  });
  for (const [at, { parts }] of contentsOf(body).entries())
    for (const [index, part] of parts.entries()) {
      const response = part["functionResponse"];
      const call = part["functionCall"];
      const where = `contents[${at}].parts[${index}]`;
      if (response !== undefined && stringOf(field(response, "name")) === "")
        faults.push(`* GenerateContentRequest.${where}.function_response.name: Name cannot be empty.`);
      if (call !== undefined && stringOf(field(call, "name")) === "")
        faults.push(`* GenerateContentRequest.${where}.function_call.name: Name cannot be empty.`);
      const struct = field(response, "response");
      if (response !== undefined && !isJsonObject(struct))
        faults.push(
          `Invalid value at '${where}.function_response.response' (type.googleapis.com/google.protobuf.Struct), ${JSON.stringify(struct ?? null)}`,
        );
      const args = field(call, "args");
      if (args !== undefined && !isJsonObject(args))
        faults.push(
          `Invalid value at '${where}.function_call.args' (type.googleapis.com/google.protobuf.Struct), ${JSON.stringify(args)}`,
        );
    }
  return faults.length === 0 ? undefined : `${faults.join("\n")}\n`;
}

const NAME = /^[a-zA-Z_][a-zA-Z0-9_.:-]{0,63}$/;

function nameFault(declarations: readonly Body[]): string | undefined {
  const faults = declarations.flatMap(({ name }, index) =>
    NAME.test(stringOf(name))
      ? []
      : [
          `* GenerateContentRequest.tools[0].function_declarations[${index}].name: Invalid function name. Must start with a letter or an underscore. Must be alphanumeric (a-z, A-Z, 0-9), underscores (_), dots (.) or dashes (-), with a maximum length of 64.`,
        ],
  );
  if (faults.length > 0) return `${faults.join("\n")}\n`;
  const names = declarations.map(({ name }) => stringOf(name));
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  return twice === undefined ? undefined : `Duplicate function declaration found: ${twice}`;
}

const AFTER_USER =
  "Please ensure that function call turn comes immediately after a user turn or after a function response turn.";
const AFTER_CALL = "Please ensure that function response turn comes immediately after a function call turn.";
const AS_MANY =
  "Please ensure that the number of function response parts is equal to the number of function call parts of the function call turn.";

function pairingFault(contents: readonly Content[]): string | undefined {
  const found = firstOf(contents, (content, at) => {
    const before = contents[at - 1];
    const next = contents[at + 1];
    if (at === 0 && content.role === "model")
      return isCall(content) ? AFTER_USER : "Please ensure that multiturn requests begin with a user role.";
    if (isCall(content) && before?.role === "model") return AFTER_USER;
    if (isCall(content) && !isResponse(next)) return AS_MANY;
    if (!isResponse(content)) return undefined;
    if (!isCall(before)) return AFTER_CALL;
    // Text or an image beside the responses (kimi-code#3274).
    if (content.parts.some((part) => part["functionResponse"] === undefined)) return AS_MANY;
    return sameNames(before?.parts ?? [], content.parts) ? undefined : AS_MANY;
  });
  return typeof found === "string" ? found : undefined;
}

function sameNames(calls: readonly Body[], responses: readonly Body[]): boolean {
  const names = (parts: readonly Body[], kind: string): string =>
    parts
      .filter((part) => part[kind] !== undefined)
      .map((part) => stringOf(field(part[kind], "name")))
      .sort()
      .join(" ");
  return names(calls, "functionCall") === names(responses, "functionResponse");
}

/** Texts that Google documents for calls of other models. */
const PLACEHOLDERS = ["skip_thought_signature_validator", "context_engineering_is_the_way_to_go"];

function isForeign(signature: unknown): boolean {
  if (signature === undefined || PLACEHOLDERS.includes(String(signature))) return false;
  const claims = unseal(signature);
  return claims?.["api"] !== "gemini";
}

/** The current turn begins behind the last words of the user; in it the first call of each step is signed. */
function signatureFault(contents: readonly Content[]): string | undefined {
  const start = contents.findLastIndex((content) => content.role === "user" && !isResponse(content));
  const found = firstOf(contents, ({ role, parts }, at) => {
    const first = parts.find((part) => part["functionCall"] !== undefined);
    if (role !== "model" || at < start || first === undefined || first["thoughtSignature"] !== undefined)
      return undefined;
    return `Function call is missing a thought_signature in functionCall parts. This is required for tools to work correctly, and missing thought_signature may lead to degraded model performance. Additional data, function call \`default_api:${stringOf(field(first["functionCall"], "name"))}\` , position ${at + 1}. Please refer to https://ai.google.dev/gemini-api/docs/thought-signatures for more details.`;
  });
  return typeof found === "string" ? found : undefined;
}

const MEDIA =
  /^(?:image\/(?:png|jpeg|webp|heic|heif)|application\/pdf|text\/[\w.+-]+|audio\/[\w.+-]+|video\/[\w.+-]+|application\/(?:json|x-javascript))$/;

function mediaFault(contents: readonly Content[]): string | undefined {
  const found = firstOf(contents, ({ parts }, at) =>
    firstOf(parts, (part, index) => {
      const data = part["inlineData"];
      if (data === undefined) return undefined;
      const type = stringOf(field(data, "mimeType"));
      if (!MEDIA.test(type)) return `Unsupported MIME type: ${type}`;
      return /^[A-Za-z0-9+/_-]+={0,2}$/.test(stringOf(field(data, "data")))
        ? undefined
        : `Invalid value at 'contents[${at}].parts[${index}].inline_data.data' (TYPE_BYTES), Base64 decoding failed`;
    }),
  );
  return typeof found === "string" ? found : undefined;
}

function callingFault(body: Body): string | undefined {
  const calling = field(field(camelCased(body), "toolConfig"), "functionCallingConfig");
  if (!isJsonObject(calling)) return undefined;
  const declared = declarationsOf(body).map(({ name }) => stringOf(name));
  if (declared.length === 0) return "Function calling config is set without function_declarations.";
  const allowed = arrayField(calling, "allowedFunctionNames").map(stringOf);
  if (allowed.length > 0 && !/^(?:ANY|VALIDATED)$/.test(stringOf(calling["mode"])))
    return "Allowed function names should only be set when function calling mode is ANY.";
  const unknown = allowed.find((name) => !declared.includes(name));
  return unknown === undefined
    ? undefined
    : `${unknown} in allowed_function_names is not declared in function_declarations.`;
}
