/**
 * Asks native chat and yields the events of its answer: `token`, `attempt`, `backend`, `done` and the others.
 * Throws an Error with the gateway's own message if it refuses, and if the stream ends before `done` or `error`.
 */
export async function* streamChat({ url, key, signal, ...body }) {
  const response = await fetch(`${url}/api/ai-chat`, {
    method: "POST",
    // No cookie crosses origins: the bearer says who asks.
    credentials: "omit",
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    body: JSON.stringify(body),
    signal,
  });
  if (!response.ok) throw new Error(await messageOf(response));
  let hasEnded = false;
  for await (const line of linesOf(response.body)) {
    if (!line.startsWith("data: ")) continue;
    const event = JSON.parse(line.slice(6));
    hasEnded ||= event.type === "done" || event.type === "error";
    yield event;
  }
  if (!hasEnded) throw new Error("The connection broke: the answer is incomplete.");
}

async function messageOf(response) {
  const text = await response.text();
  try {
    return JSON.parse(text).error.message;
  } catch {
    return `The gateway answered ${response.status}.`;
  }
}

/** Lines of a body. By a reader, since not every browser can iterate over a stream. */
async function* linesOf(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  try {
    let rest = "";
    for (let step = await reader.read(); !step.done; step = await reader.read()) {
      const lines = (rest + step.value).split("\n");
      rest = lines.pop();
      yield* lines;
    }
  } finally {
    // A page that stops reading closes the connection, and the gateway stops the engine.
    await reader.cancel();
  }
}
