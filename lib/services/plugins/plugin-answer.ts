import { type AnswerPart, AnswerReader, UnusableAnswer } from "#lib/plugins/answer-reader.ts";
import { autoRouteBody } from "#lib/plugins/auto-route-body.ts";
import { pluginAddress } from "#lib/plugins/plugin-address.ts";
import { SecretScrubber } from "#lib/plugins/secret-scrubber.ts";
import { stripInvisible } from "#lib/prompts/sanitize.ts";
import { ReasoningSplitter } from "#lib/sanitize/reasoning.ts";
import { PluginCall } from "#lib/services/plugins/plugin-call.ts";
import type { AskDependencies, PluginAsk } from "#lib/services/plugins/plugin-dependencies.ts";
import { workflowAnswer } from "#lib/services/plugins/workflow-answer.ts";
import { SurrogateJoiner } from "#lib/shared/text.ts";

const ACCEPT = "text/event-stream, application/x-ndjson, application/json;q=0.9, text/plain;q=0.8";

/**
 * A plugin's answer to a message, in parts as they arrive; the first part may take as long as an engine's first
 * content, and then the plugin may be silent as long as an engine. Throws `UnusableAnswer` and what `PluginCall`
 * throws. Returning early closes the connection.
 */
export async function* pluginAnswer(
  ask: PluginAsk,
  dependencies: AskDependencies,
): AsyncGenerator<AnswerPart, void> {
  const { plugin, endpoint, question, signal } = ask;
  const { autoRoute } = plugin;
  const body = autoRoute === undefined ? undefined : autoRouteBody(autoRoute.request, question);
  if (autoRoute === undefined || body === undefined) {
    throw new UnusableAnswer("The message has nothing for the plugin.");
  }
  const call = new PluginCall(plugin, endpoint, signal, dependencies.effects);
  const { timeouts } = dependencies;
  try {
    call.allow(autoRoute.firstTextTimeoutMs ?? timeouts.firstTokenMs);
    const request = {
      method: "POST",
      url: pluginAddress(endpoint.base, autoRoute.path),
      accept: ACCEPT,
      body,
    } as const;
    const response = await call.send(request, timeouts.connectMs);
    const clean = new CleanAnswer(endpoint.token);
    if (autoRoute.request === "workflow") {
      const text = await workflowAnswer(ask, call, dependencies);
      yield clean.push({ text, thinking: "" });
      yield clean.end();
      return;
    }
    const reader = new AnswerReader(response.header("content-type"), autoRoute.shows);
    yield* readParts(call, reader, clean, timeouts.idleMs);
  } finally {
    call.close();
  }
}

async function* readParts(
  call: PluginCall,
  reader: AnswerReader,
  clean: CleanAnswer,
  idleMs: number,
): AsyncGenerator<AnswerPart, void> {
  let hasBegun = false;
  while (!reader.ended) {
    if (hasBegun) call.allow(idleMs);
    const bytes = await call.read();
    if (bytes === null) break;
    const part = clean.push(reader.push(bytes));
    if (part.text !== "" || part.thinking !== "") {
      hasBegun = true;
      call.pause();
      yield part;
    }
    if (reader.problem !== undefined) throw reader.problem;
  }
  call.pause();
  yield clean.push(reader.end());
  if (reader.problem !== undefined) throw reader.problem;
  yield clean.end();
}

/** An answer as a reader may see it, with the reasoning that a model writes into its text kept apart. */
class CleanAnswer {
  readonly #splitter = new ReasoningSplitter();
  readonly #text: CleanText;
  readonly #thinking: CleanText;

  constructor(token: string | undefined) {
    this.#text = new CleanText(token);
    this.#thinking = new CleanText(token);
  }

  push({ text, thinking }: AnswerPart): AnswerPart {
    const split = this.#splitter.push(text);
    return {
      text: this.#text.push(split.visible),
      thinking: this.#thinking.push(thinking + split.thinking),
    };
  }

  end(): AnswerPart {
    const rest = this.#splitter.flush();
    return {
      text: this.#text.push(rest.visible) + this.#text.end(),
      thinking: this.#thinking.push(rest.thinking) + this.#thinking.end(),
    };
  }
}

/** A text without the plugin's token, invisible controls, and white space at its beginning. */
class CleanText {
  readonly #scrubber: SecretScrubber;
  readonly #joiner = new SurrogateJoiner();
  #hasBegun = false;

  constructor(token: string | undefined) {
    this.#scrubber = new SecretScrubber(token);
  }

  push(text: string): string {
    return this.#clean(this.#joiner.push(this.#scrubber.push(text)));
  }

  end(): string {
    return this.#clean(this.#joiner.push(this.#scrubber.end()) + this.#joiner.flush());
  }

  /** White space alone is no answer yet. */
  #clean(text: string): string {
    const visible = stripInvisible(text);
    const shown = this.#hasBegun ? visible : visible.trimStart();
    this.#hasBegun ||= shown !== "";
    return shown;
  }
}
