import { type AnswerPart, UnusableAnswer } from "#lib/plugins/answer-reader.ts";
import { withoutName } from "#lib/plugins/find-plugin.ts";
import { pluginById } from "#lib/plugins/plugins.ts";
import { stripInvisible } from "#lib/prompts/sanitize.ts";
import { newRecord, type RunRecord } from "#lib/providers/chat/run.ts";
import { abortError, interrupted } from "#lib/providers/failures/run-errors.ts";
import type { Answerer, Answering } from "#lib/services/chat/answerer.ts";
import { firstImage } from "#lib/services/chat/document-input.ts";
import { historyOf, type PreparedTurn } from "#lib/services/chat/turn.ts";
import { pluginAnswer } from "#lib/services/plugins/plugin-answer.ts";
import type { PluginAsk, PluginDependencies } from "#lib/services/plugins/plugin-dependencies.ts";
import type { Logger } from "#lib/services/ports.ts";
import { GatewayError, toGatewayError } from "#lib/shared/errors.ts";
import { publicReason } from "#lib/shared/redact.ts";
import type { NativeEvent } from "#lib/streaming/events.ts";

/** The longest answer of a plugin, characters; longer than any message may be. */
const MAX_TEXT = 400_000;
const FALLS_BACK = "The plugin could not answer.";

export type PluginAnswererOptions = {
  plugins: PluginDependencies;
  /** Answers instead if the plugin has said nothing. */
  engines: Answerer;
  logger: Logger;
};

/** Takes the turns that are for a plugin. What it fails to answer, the engines do. */
export function pluginAnswerer(options: PluginAnswererOptions): Answerer {
  return {
    name: "plugins",
    answer(turn, signal) {
      if (turn.route.kind !== "plugin") return undefined;
      const plugin = pluginById(turn.route.plugin);
      const endpoint = options.plugins.endpoints.get(turn.route.plugin);
      if (plugin === undefined || endpoint === undefined) return undefined;
      const image = firstImage(turn.input);
      const message = withoutName(stripInvisible(turn.input.message), plugin.id);
      const question = { message, history: historyOf(turn), image };
      return new PluginAnswering(turn, { plugin, endpoint, question, signal }, options);
    },
  };
}

/** A plugin's answer under way; that of the engines, with their record, once the plugin has failed. */
class PluginAnswering implements Answering {
  readonly events: AsyncGenerator<readonly NativeEvent[], void>;
  record: RunRecord = newRecord();
  readonly #turn: PreparedTurn;
  readonly #ask: PluginAsk;
  readonly #options: PluginAnswererOptions;

  constructor(turn: PreparedTurn, ask: PluginAsk, options: PluginAnswererOptions) {
    this.#turn = turn;
    this.#ask = ask;
    this.#options = options;
    this.events = this.#answer();
  }

  async *#answer(): AsyncGenerator<readonly NativeEvent[], void> {
    yield [this.#tool("running")];
    const failure = yield* this.#fromPlugin();
    if (failure === undefined) return;
    const { signal } = this.#ask;
    if (signal.aborted) {
      const error = abortError(signal);
      this.record.state = error.code === "client_closed_request" ? "cancelled" : "interrupted";
      throw error;
    }
    this.#log(failure.thrown);
    yield [this.#tool("failed", clientReason(failure.thrown))];
    if (this.record.committed) {
      this.record.state = "failed";
      throw interrupted(toGatewayError(failure.thrown));
    }
    yield* this.#fromEngines();
  }

  /** Undefined when the answer is complete; else what has gone wrong. */
  async *#fromPlugin(): AsyncGenerator<readonly NativeEvent[], { thrown: unknown } | undefined> {
    const { clock } = this.#options.plugins.effects;
    const from = clock.now();
    try {
      for await (const part of pluginAnswer(this.#ask, this.#options.plugins)) {
        const events = this.#add(part);
        if (events.length === 0) continue;
        this.record.firstContentMs ??= clock.now() - from;
        yield events;
      }
      if (this.record.text === "") throw new UnusableAnswer("The answer has no text.");
    } catch (thrown) {
      return { thrown };
    }
    this.record.state = "completed";
    yield [this.#tool("done")];
    return undefined;
  }

  #add({ text, thinking }: AnswerPart): NativeEvent[] {
    const events: NativeEvent[] = [];
    if (thinking !== "") events.push({ type: "thinking", text: thinking });
    if (text !== "") events.push({ type: "token", text });
    if (events.length === 0) return events;
    if (this.record.text.length + text.length > MAX_TEXT) throw new UnusableAnswer("The answer is too long.");
    this.record.committed = true;
    this.record.text += text;
    return events;
  }

  async *#fromEngines(): AsyncGenerator<readonly NativeEvent[], void> {
    const { decision, modes } = this.#turn;
    const answering = await this.#options.engines.answer(this.#turn, this.#ask.signal);
    if (answering === undefined) throw new GatewayError("internal_error", "No engine took the turn.");
    this.record = answering.record;
    const { events } = answering;
    try {
      yield [
        { type: "auto_routed", to: decision.mode, label: modes[decision.mode].name, reason: FALLS_BACK },
      ];
      for (let step = await events.next(); step.done !== true; step = await events.next()) yield step.value;
    } finally {
      await events.return();
    }
  }

  #tool(status: "running" | "done" | "failed", detail?: string): NativeEvent {
    const event = { type: "tool", name: `plugin:${this.#ask.plugin.id}`, status } as const;
    return detail === undefined ? event : { ...event, detail };
  }

  #log(thrown: unknown): void {
    this.#options.logger.warn("A plugin did not answer a message completely.", {
      requestId: this.#turn.requestId,
      plugin: this.#ask.plugin.id,
      reason: publicReason(thrown instanceof Error ? thrown.message : String(thrown)),
    });
  }
}

/** Our own words, with what the plugin says about an error. Why an answer is unusable is in the operator's log. */
function clientReason(thrown: unknown): string {
  return thrown instanceof GatewayError ? thrown.message : "Its answer cannot be used.";
}
