import { arrayField, field, isJsonObject, stringField } from "#lib/shared/json.ts";
import { type Body, firstOf, objectsOf, type Request, stringOf } from "./rule.ts";
import { digest, unseal } from "./seal.ts";

/** A message after neighbours of one role became one, as the API does; blocks keep their place in the request. */
export type Turn = { role: string; index: number; blocks: readonly PlacedBlock[] };
export type PlacedBlock = { block: Body; path: string };

/** The blocks of a message's content; a text is one block. */
export function blocksOf(content: unknown): Body[] {
  return typeof content === "string" ? [{ type: "text", text: content }] : objectsOf(content);
}

export function turnsOf(body: Body): Turn[] {
  const turns: { role: string; index: number; blocks: PlacedBlock[] }[] = [];
  for (const [index, message] of objectsOf(body["messages"]).entries()) {
    const role = stringOf(message["role"]);
    const blocks = blocksOf(message["content"]).map((block, at) => ({
      block,
      path: `messages.${index}.content.${at}`,
    }));
    const last = turns.at(-1);
    if (last?.role === role) last.blocks.push(...blocks);
    else turns.push({ role, index, blocks });
  }
  return turns;
}

/** All blocks of all messages, those inside tool results too. */
export function everyBlock(body: Body): PlacedBlock[] {
  return turnsOf(body).flatMap(({ blocks }) =>
    blocks.flatMap((placed) => [
      placed,
      ...objectsOf(placed.block["content"]).map((block, at) => ({
        block,
        path: `${placed.path}.tool_result.content.${at}`,
      })),
    ]),
  );
}

const isType = (type: string) => (placed: PlacedBlock) => placed.block["type"] === type;

/** Calls without results right behind them, results without calls, ids used twice. */
export function pairingFault(body: Body): string | undefined {
  const turns = turnsOf(body);
  const seen = new Set<string>();
  for (const [at, turn] of turns.entries()) {
    const next = turns[at + 1];
    const calls = turn.role === "assistant" ? turn.blocks.filter(isType("tool_use")) : [];
    for (const { block, path } of calls) {
      const id = stringOf(block["id"]);
      if (seen.has(id)) return `${path}: \`tool_use\` ids must be unique`;
      seen.add(id);
    }
    const fault =
      unansweredFault(turn, calls, next) ??
      (turn.role === "user" ? strayResultFault(turn, turns[at - 1]) : undefined);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

function unansweredFault(
  turn: Turn,
  calls: readonly PlacedBlock[],
  next: Turn | undefined,
): string | undefined {
  if (calls.length === 0 || next === undefined) return undefined;
  const end = next.blocks.findIndex(({ block }) => block["type"] !== "tool_result");
  const answered = next.blocks
    .slice(0, end === -1 ? next.blocks.length : end)
    .map(({ block }) => stringOf(block["tool_use_id"]));
  const missing = calls.map(({ block }) => stringOf(block["id"])).filter((id) => !answered.includes(id));
  if (missing.length > 0)
    return `messages.${turn.index}: \`tool_use\` ids were found without \`tool_result\` blocks immediately after: ${missing.join(", ")}. Each \`tool_use\` block must have a corresponding \`tool_result\` block in the next message.`;
  const twice = answered.find((id, at) => answered.indexOf(id) !== at);
  return twice === undefined
    ? undefined
    : `messages.${next.index}.content: each tool_use must have a single result. Found multiple \`tool_result\` blocks with id: ${twice}`;
}

function strayResultFault(turn: Turn, before: Turn | undefined): string | undefined {
  const ids = (before?.role === "assistant" ? before.blocks : [])
    .filter(isType("tool_use"))
    .map(({ block }) => block["id"]);
  const stray = turn.blocks.find(
    ({ block }) => block["type"] === "tool_result" && !ids.includes(block["tool_use_id"]),
  );
  return stray === undefined
    ? undefined
    : `${stray.path}: unexpected \`tool_use_id\` found in \`tool_result\` blocks: ${stringOf(stray.block["tool_use_id"])}. Each \`tool_result\` block must have a corresponding \`tool_use\` block in the previous message.`;
}

const isThought = ({ block }: PlacedBlock): boolean =>
  block["type"] === "thinking" || block["type"] === "redacted_thinking";

/** Signatures that this API did not give, or not for this text. */
export function signatureFault(body: Body): string | undefined {
  const found = firstOf(turnsOf(body), ({ blocks }) =>
    firstOf(blocks.filter(isThought), ({ block, path }) => {
      const token = block["type"] === "thinking" ? block["signature"] : block["data"];
      const claims = unseal(token);
      const text = stringOf(block["thinking"]);
      const isGood =
        claims !== undefined && (block["type"] !== "thinking" || claims["digest"] === digest(text));
      return isGood ? undefined : `${path}: Invalid \`signature\` in \`thinking\` block`;
    }),
  );
  return typeof found === "string" ? found : undefined;
}

/** The latest answer must come back as it was: all its thoughts, each between the same neighbours. */
export function modifiedFault(body: Body): string | undefined {
  const turns = turnsOf(body);
  const latest = turns.findLast(({ role }) => role === "assistant");
  if (latest === undefined) return undefined;
  const message = latest.blocks
    .filter(isThought)
    .map(({ block }) => unseal(block["signature"] ?? block["data"])?.["message"])[0];
  if (message === undefined) return undefined;
  const found = firstOf(latest.blocks, (placed, at) => {
    if (!isThought(placed)) return undefined;
    const claims = unseal(placed.block["signature"] ?? placed.block["data"]);
    const isInPlace = claims?.["index"] === at || claims?.["message"] !== message;
    return isInPlace
      ? undefined
      : `${placed.path}: \`thinking\` or \`redacted_thinking\` blocks in the latest assistant message cannot be modified. These blocks must remain as they were in the original response.`;
  });
  if (typeof found === "string") return found;
  const wanted = unseal(latest.blocks.filter(isThought)[0]?.block["signature"])?.["thoughts"];
  const kept = latest.blocks.filter(isThought).length;
  return typeof wanted === "number" && kept < wanted
    ? `messages.${latest.index}.content: \`thinking\` or \`redacted_thinking\` blocks in the latest assistant message cannot be modified. These blocks must remain as they were in the original response.`
    : undefined;
}

/**
 * With a budget to think, a tool loop begins with a thought. The loop is one turn of the assistant: only its
 * beginning counts (platform.claude.com/docs/build-with-claude/thinking-tool-workflows).
 */
export function missingThoughtFault(body: Body): string | undefined {
  if (field(body["thinking"], "type") !== "enabled") return undefined;
  const turns = turnsOf(body);
  if (turns.at(-1)?.blocks.some(isType("tool_result")) !== true) return undefined;
  let at = turns.length - 2;
  while (at > 1 && turns[at - 1]?.blocks.every(isType("tool_result")) === true) at -= 2;
  const first = turns[at]?.blocks[0];
  if (turns[at]?.role !== "assistant" || first === undefined || isThought(first)) return undefined;
  return `${first.path}.type: Expected \`thinking\` or \`redacted_thinking\`, but found \`${stringOf(first.block["type"])}\`. When \`thinking\` is enabled, a final \`assistant\` message must start with a thinking block (preceeding the lastmost set of \`tool_use\` and \`tool_result\` blocks). We recommend you include thinking blocks from previous turns. To avoid this requirement, disable \`thinking\`. Please consult our documentation at https://docs.claude.com/en/docs/build-with-claude/extended-thinking`;
}

/** Without thinking, a tool loop has no thoughts (tailcallhq/forgecode#1853, microsoft/vscode#282326). */
export function disabledThoughtFault(body: Body): string | undefined {
  const turns = turnsOf(body);
  const isLoop = turns.at(-1)?.blocks.some(isType("tool_result")) === true;
  const first = isLoop ? turns.at(-2)?.blocks.find(isThought) : undefined;
  return first === undefined
    ? undefined
    : `${first.path}: When thinking is disabled, an \`assistant\` message in the final position cannot contain \`thinking\`. To use thinking blocks, enable \`thinking\` in your request.`;
}

/** Texts that are empty or white space, and messages without content. */
export function emptyFault(request: Request): string | undefined {
  const { body } = request;
  const texts = (where: string, blocks: readonly Body[]): string | undefined => {
    const text = blocks.filter(({ type }) => type === "text").map((block) => stringOf(block["text"]));
    if (text.includes("")) return `${where}: text content blocks must be non-empty`;
    return text.some((one) => one.trim() === "")
      ? `${where}: text content blocks must contain non-whitespace text`
      : undefined;
  };
  const messages = objectsOf(body["messages"]);
  const hollow = messages.findIndex(
    (message, at) =>
      (message["content"] === "" || arrayField(message, "content").length === 0) &&
      typeof message["content"] !== "undefined" &&
      !(typeof message["content"] === "string" && message["content"] !== "") &&
      !(at === messages.length - 1 && message["role"] === "assistant"),
  );
  if (hollow !== -1)
    return `messages.${hollow}: all messages must have non-empty content except for the optional final assistant message`;
  const system = typeof body["system"] === "string" ? [] : objectsOf(body["system"]);
  return (
    texts(
      "messages",
      everyBlock(body).map(({ block }) => block),
    ) ?? texts("system", system)
  );
}

/** Where the conversation ends with the model's own words. */
export function endsWithAssistant(body: Body): boolean {
  return objectsOf(body["messages"]).at(-1)?.["role"] === "assistant";
}

export function hasToolBlocks(body: Body): boolean {
  return everyBlock(body).some(
    ({ block }) => block["type"] === "tool_use" || block["type"] === "tool_result",
  );
}

/** The marks for the prompt cache, in the order of tools, system, messages. */
export function cacheMarks(body: Body): Body[] {
  const holders = [
    ...objectsOf(body["tools"]),
    ...objectsOf(body["system"]),
    ...everyBlock(body).map(({ block }) => block),
    body,
  ];
  return holders.map((holder) => holder["cache_control"]).filter(isJsonObject);
}

export function badName(value: unknown, pattern: RegExp): boolean {
  return !pattern.test(stringOf(value));
}

export const nameOf = (value: unknown): string => stringField(value, "name") ?? "";
