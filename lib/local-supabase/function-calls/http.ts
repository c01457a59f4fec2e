import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from "node:http";
import type { FunctionFront } from "#lib/local-supabase/function-calls/front.ts";

/** Answered, or not, with the body if it has been read by then. */
export type FunctionCallOutcome = { isAnswered: true } | { isAnswered: false; body?: string };

const CALL = /^\/rest\/v1\/rpc\/(\w+)$/;
/** What supabase-js sends when nothing is done with the result; without the header is as good. */
const ORDINARY: Readonly<Record<string, ReadonlySet<string>>> = {
  accept: new Set(["*/*", "application/json"]),
  "content-profile": new Set(["public"]),
  "content-type": new Set(["application/json", "application/json; charset=utf-8"]),
};
/** Headers that ask for another answer. */
const EXTRAORDINARY = ["prefer", "range", "content-encoding"] as const;

/** Answers a plain function call. What it leaves alone has not been called. */
export async function answerFunctionCall(
  front: FunctionFront,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<FunctionCallOutcome> {
  const name = incoming.method === "POST" ? CALL.exec(incoming.url ?? "")?.[1] : undefined;
  if (name === undefined || !isOrdinary(incoming.headers)) return { isAnswered: false };
  const leaving = new AbortController();
  outgoing.once("close", () => {
    if (!outgoing.writableFinished) leaving.abort();
  });
  const { signal } = leaving;
  try {
    const body = await readText(incoming);
    const answer = await front({ name, headers: incoming.headers, body, signal });
    if (answer === undefined) return { isAnswered: false, body };
    outgoing.writeHead(answer.status, answer.headers).end(answer.body);
  } catch (error) {
    // A client that has left, perhaps before its whole request was there, reads no answer.
    if (!signal.aborted && incoming.complete) throw error;
  }
  return { isAnswered: true };
}

function isOrdinary(headers: IncomingHttpHeaders): boolean {
  const areOrdinary = Object.entries(ORDINARY).every(([name, values]) => {
    const value = headers[name];
    return value === undefined || (typeof value === "string" && values.has(value.toLowerCase()));
  });
  return areOrdinary && EXTRAORDINARY.every((name) => headers[name] === undefined);
}

async function readText(incoming: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of incoming) pieces.push(piece as Buffer);
  return Buffer.concat(pieces).toString("utf8");
}
