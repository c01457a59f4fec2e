import { textIn } from "#lib/plugins/answer-message.ts";
import { UnusableAnswer } from "#lib/plugins/answer-reader.ts";
import { RESEARCH_GRAPH } from "#lib/plugins/auto-route-body.ts";
import { pluginAddress } from "#lib/plugins/plugin-address.ts";
import { abortError } from "#lib/providers/failures/run-errors.ts";
import { PluginCall } from "#lib/services/plugins/plugin-call.ts";
import type { AskDependencies, PluginAsk } from "#lib/services/plugins/plugin-dependencies.ts";
import { sleep } from "#lib/shared/clock.ts";
import { exceedsDepth, field, isJsonObject, parseJson, stringField } from "#lib/shared/json.ts";
import { MAX_DEPTH } from "#lib/shared/json-depth.ts";
import { decodeLenient } from "#lib/shared/text.ts";

/** How long a chat waits for a workflow's end, and between two looks at it, milliseconds. */
const WAIT_MS = 20_000;
const POLL_MS = 1_000;
/** The longest description of a run, bytes. */
const MAX_RUN = 1024 * 1024;
const RUN_ID = /^[\w-]{1,100}$/;

/**
 * What a workflow that has been started came to. One that takes longer goes on without the chat: the text then names
 * its run. Throws `UnusableAnswer` if it failed, and what `PluginCall` throws.
 * @param started the call that started it, whose body describes the run.
 */
export async function workflowAnswer(
  ask: PluginAsk,
  started: PluginCall,
  dependencies: AskDependencies,
): Promise<string> {
  const id = stringField(await readRun(started), "id");
  started.pause();
  if (id === undefined || !RUN_ID.test(id)) throw new UnusableAnswer("The workflow has no run.");
  const { clock } = dependencies.effects;
  const until = clock.now() + WAIT_MS;
  while (clock.now() < until) {
    await sleep(clock, POLL_MS, ask.signal);
    if (ask.signal.aborted) throw abortError(ask.signal);
    const run = await lookAt(id, ask, dependencies);
    const status = stringField(run, "status");
    if (status === "completed") return outputText(field(run, "output"));
    if (status === "failed" || status === "budget_exceeded") {
      throw new UnusableAnswer(
        `The workflow ended as ${status}: ${stringField(run, "error") ?? "no reason"}`,
      );
    }
  }
  return `The workflow "${RESEARCH_GRAPH}" has been started and is still running. Its run is ${id}.`;
}

async function lookAt(
  id: string,
  { plugin, endpoint, signal }: PluginAsk,
  { effects, timeouts }: AskDependencies,
): Promise<unknown> {
  const call = new PluginCall(plugin, endpoint, signal, effects);
  try {
    call.allow(timeouts.firstTokenMs);
    const url = pluginAddress(endpoint.base, `/runs/${id}`);
    await call.send({ method: "GET", url, accept: "application/json", body: undefined }, timeouts.connectMs);
    return await readRun(call);
  } finally {
    call.close();
  }
}

async function readRun(call: PluginCall): Promise<unknown> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for (let chunk = await call.read(); chunk !== null; chunk = await call.read()) {
    bytes += chunk.length;
    if (bytes > MAX_RUN) throw new UnusableAnswer("The description of the run was too long.");
    chunks.push(chunk);
  }
  const run = parseJson(decodeLenient(chunks));
  if (!isJsonObject(run) || exceedsDepth(run, MAX_DEPTH)) throw new UnusableAnswer("The run was no JSON.");
  return run;
}

/** The text of the last step that has one: `output` has the steps in their order, behind the input. */
function outputText(output: unknown): string {
  if (!isJsonObject(output)) return textIn(output);
  const steps = Object.entries(output).filter(([name]) => name !== "input");
  const texts = steps.map(([, step]) => textIn(step)).filter((text) => text.trim() !== "");
  return texts.at(-1) ?? "";
}
