/**
 * What a host of models says about itself: its answer to a GET, or to a POST of `body`. Undefined if there is
 * none in this time, milliseconds, or it is no JSON.
 */
export async function fetchJson(url: string, timeoutMs: number, body?: object): Promise<unknown> {
  const post = {
    method: "POST",
    body: JSON.stringify(body),
    headers: { "content-type": "application/json" },
  };
  try {
    const response = await fetch(url, {
      ...(body === undefined ? {} : post),
      redirect: "manual",
      signal: AbortSignal.timeout(timeoutMs),
    });
    const text = await response.text();
    return response.ok ? (JSON.parse(text) as unknown) : undefined;
  } catch (error) {
    // Nothing listens, it is no such host, or it is too slow. Calls of its engines say so.
    if (error instanceof Error) return undefined;
    throw error;
  }
}
