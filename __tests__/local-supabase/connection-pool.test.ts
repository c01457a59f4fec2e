import type { Sql } from "postgres";
import { describe, expect, it } from "vitest";
import { ConnectionPool, TooManyCalls } from "#lib/local-supabase/function-calls/connection-pool.ts";

function aPool(maxConnections: number, maxWaiting: number): { pool: ConnectionPool; opened: Sql[] } {
  const opened: Sql[] = [];
  const connect = (): Sql => {
    const connection = { number: opened.length } as unknown as Sql;
    opened.push(connection);
    return connection;
  };
  return { pool: new ConnectionPool({ connect, maxConnections, maxWaiting }), opened };
}

const NEVER = new AbortController().signal;

describe("the connections of function calls", () => {
  it("are opened when all others are busy, up to the limit", async () => {
    const { pool, opened } = aPool(2, 10);
    const first = await pool.acquire(NEVER);
    pool.release(first);
    expect(await pool.acquire(NEVER)).toBe(first);
    await pool.acquire(NEVER);
    void pool.acquire(NEVER);
    expect(opened).toHaveLength(2);
  });

  it("go to waiting calls in the order in which these came; one that has left is skipped", async () => {
    const { pool } = aPool(1, 10);
    const connection = await pool.acquire(NEVER);
    const leaving = new AbortController();
    const served: string[] = [];
    const wait = async (name: string, signal: AbortSignal): Promise<void> => {
      await pool.acquire(signal);
      served.push(name);
    };
    const all = [wait("first", NEVER), wait("left", leaving.signal), wait("second", NEVER)];
    leaving.abort(new Error("left"));
    await expect(all[1]).rejects.toThrow("left");
    pool.release(connection);
    await all[0];
    pool.release(connection);
    await all[2];
    expect(served).toEqual(["first", "second"]);
  });

  it("are refused when too many wait, until fewer do", async () => {
    const { pool } = aPool(1, 2);
    const connection = await pool.acquire(NEVER);
    const waiting = pool.acquire(NEVER);
    void pool.acquire(NEVER);
    await expect(pool.acquire(NEVER)).rejects.toBeInstanceOf(TooManyCalls);
    pool.release(connection);
    expect(await waiting).toBe(connection);
    void pool.acquire(NEVER);
    await expect(pool.acquire(NEVER)).rejects.toBeInstanceOf(TooManyCalls);
  });
});
