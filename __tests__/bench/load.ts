import { Agent, request } from "undici";
import { answerParent } from "./child.ts";

export type Load = {
  url: string;
  headers: Record<string, string>;
  body: string;
  requests: number;
  concurrency: number;
  /** The answer must contain it, or the run is void. */
  contains: string;
};
/** Milliseconds from the request to the end of the answer. */
export type LoadResult = { latencies: number[]; failures: number; example: string };

const agent = new Agent({ connections: 256, keepAliveTimeout: 60_000, bodyTimeout: 60_000 });

async function run(load: Load): Promise<LoadResult> {
  const latencies: number[] = [];
  let left = load.requests;
  let failures = 0;
  let example = "";
  const client = async (): Promise<void> => {
    while (left-- > 0) {
      const from = performance.now();
      const { body, headers } = load;
      const answer = await request(load.url, { dispatcher: agent, method: "POST", headers, body });
      const text = await answer.body.text();
      latencies.push(performance.now() - from);
      if (answer.statusCode === 200 && text.includes(load.contains)) continue;
      failures++;
      example = text.slice(0, 500);
    }
  };
  await Promise.all(Array.from({ length: load.concurrency }, client));
  return { latencies, failures, example };
}

answerParent((load: Load) => run(load));
