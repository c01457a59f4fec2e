import { arrayField, field, isJsonObject, parseJson, stringField } from "#lib/shared/json.ts";

/** A provider's error body, read from any of some ten shapes. */
export type ProviderError = {
  message: string;
  /** All identifiers of the error: code, type, status. */
  codes: string[];
  /** The HTTP status in the body, if any. */
  status: number | undefined;
  param: string | undefined;
  /** What the host behind OpenRouter said. */
  forwarded?: string;
  /** OpenRouter's moderation details. */
  moderated: boolean;
};

function texts(...values: unknown[]): string[] {
  return values.filter((value): value is string => typeof value === "string" && value !== "");
}

function bodyStatus(...values: unknown[]): number | undefined {
  for (const value of values) {
    const number = typeof value === "string" && /^\d{3}$/.test(value) ? Number(value) : value;
    if (typeof number === "number" && number >= 400 && number <= 599) return number;
  }
  return undefined;
}

const MAX_MESSAGE = 8;
const MAX_MESSAGES = 20;

/** The text of a message that may be a string, an object with details, or a list of either. */
function messageText(value: unknown, depth = 0): string {
  if (typeof value === "string") return value;
  if (depth > MAX_MESSAGE) return "";
  if (Array.isArray(value)) {
    return value
      .slice(0, MAX_MESSAGES)
      .map((item) => messageText(item, depth + 1))
      .filter(Boolean)
      .join("; ");
  }
  if (!isJsonObject(value)) return "";
  const steps = arrayField(value, "loc").filter(
    (step) => typeof step === "string" || typeof step === "number",
  );
  const location = steps.join(".");
  const words = value["msg"] ?? value["message"] ?? value["detail"] ?? value["reason"] ?? value["error"];
  const text = messageText(words, depth + 1);
  return location === "" ? text : `${location}: ${text}`;
}

/** The message of the provider behind OpenRouter, which is text or that provider's error as JSON. */
function rawMessage(raw: string | undefined): string | undefined {
  if (raw === undefined || !/^\s*[[{]/.test(raw)) return raw;
  return readProviderError(parseJson(raw))?.message ?? raw;
}

/** Reads an error body of any provider; undefined if it contains no error. */
export function readProviderError(body: unknown): ProviderError | undefined {
  // Gemini's OpenAI-compatible endpoint and its plain streams wrap the object in an array.
  const outer = Array.isArray(body) ? body[0] : body;
  if (!isJsonObject(outer)) return undefined;
  const error = outer["error"];
  if (isJsonObject(error)) {
    const metadata = error["metadata"];
    const raw = rawMessage(stringField(metadata, "raw"));
    const details = arrayField(error, "details").map((detail) => stringField(detail, "reason"));
    return {
      message: [messageText(error["message"]), raw].filter(Boolean).join(": "),
      ...(raw === undefined ? {} : { forwarded: raw }),
      codes: texts(error["code"], error["type"], error["status"], ...details),
      status: bodyStatus(error["code"], error["status_code"], outer["status_code"], error["status"]),
      param: stringField(error, "param"),
      moderated: arrayField(metadata, "reasons").length > 0 || field(metadata, "flagged_input") !== undefined,
    };
  }
  if (typeof error === "string") {
    return {
      message: error,
      codes: [],
      status: bodyStatus(outer["status_code"]),
      param: undefined,
      moderated: false,
    };
  }
  const message = messageText(outer["message"] ?? outer["detail"] ?? outer["errors"]);
  if (message === "") return undefined;
  return {
    message,
    codes: [...texts(outer["code"], outer["type"]), ...listedCodes(outer)],
    status: bodyStatus(outer["status_code"], outer["code"], outer["status"]),
    param: stringField(outer, "param"),
    moderated: false,
  };
}

/** The numbers of Cloudflare's errors: `{ "errors": [{ "code": 3036, "message": "…" }] }`. */
function listedCodes(body: unknown): string[] {
  return arrayField(body, "errors")
    .slice(0, MAX_MESSAGES)
    .map((error) => field(error, "code"))
    .flatMap((code) => (typeof code === "number" ? [String(code)] : []));
}
