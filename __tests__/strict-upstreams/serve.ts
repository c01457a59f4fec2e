import { appendFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { startFakeUpstream } from "../support/fake-upstream.ts";
import { STRICT, STRICT_KINDS } from "./index.ts";
import { bodyOf } from "./rule.ts";

/**
 * Serves the four strict upstreams on fixed ports, for runs of real agents by hand:
 *
 *     node bin/run.mjs __tests__/strict-upstreams/serve.ts --port 41001 --log requests.jsonl
 *
 * OpenAI's is at the port given, then Anthropic's, Gemini's and the own server, one port further each. Each
 * request is one line of the log, with the refusal if there was one.
 */
const { values } = parseArgs({
  options: { port: { type: "string", default: "41001" }, log: { type: "string" } },
});

for (const [index, kind] of STRICT_KINDS.entries()) {
  const strict = STRICT[kind]();
  const upstream = await startFakeUpstream(
    async (exchange) => {
      const before = strict.refusals.length;
      await strict.script(exchange);
      const refusal = strict.refusals.slice(before).find(({ request }) => request === exchange.request);
      const { path } = exchange.request;
      const line = {
        kind,
        path,
        body: bodyOf(exchange.request),
        refused: refusal?.when,
        answer: refusal?.body,
      };
      if (values.log !== undefined) appendFileSync(values.log, `${JSON.stringify(line)}\n`);
    },
    undefined,
    Number(values.port) + index,
  );
  process.stdout.write(`${kind} ${upstream.origin}\n`);
}
