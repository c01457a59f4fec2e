import { parseJson } from "#lib/shared/json.ts";

/** An answer to a GET: its status, the value of `Date`, and its body as JSON if it is such. */
export type ProbeAnswer = { status: number; date: string | undefined; body: unknown };

/**
 * Asks whether somebody answers at an address, and what. Follows no redirect, which could lead the headers to another
 * host. Rejects with an error whose message is the system's code, or says that there was no answer in time.
 */
export async function probe(
  url: string,
  headers: Readonly<Record<string, string>>,
  timeoutMs: number,
): Promise<ProbeAnswer> {
  try {
    const signal = AbortSignal.timeout(timeoutMs);
    const answer = await fetch(url, { headers, redirect: "manual", signal });
    const body = parseJson(await answer.text());
    return { status: answer.status, date: answer.headers.get("date") ?? undefined, body };
  } catch (error) {
    throw new Error(reasonOf(error, timeoutMs), { cause: error });
  }
}

/** `fetch` hides the system's code in the cause. */
function reasonOf(error: unknown, timeoutMs: number): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === "TimeoutError") return `no answer within ${timeoutMs / 1_000} s.`;
  const { cause } = error;
  return cause instanceof Error && "code" in cause ? `${String(cause.code)}.` : `${error.message}.`;
}
