// Run as a process of its own: uses the embedded Supabase of a data folder as `gateway` or as `command`, says
// so with a line of JSON, and leaves it when its standard input ends.
import { once } from "node:events";
import { connectEmbeddedSupabase } from "#lib/local-supabase/connect.ts";
import { startEmbeddedSupabase } from "#lib/local-supabase/start.ts";

const [as, dataDir = "", migrationsDir = ""] = process.argv.slice(2);
const options = { dataDir, migrationsDir, log: () => undefined };

async function use(): Promise<{ url: string; leave(): Promise<void> }> {
  if (as === "gateway") {
    const supabase = await startEmbeddedSupabase(options);
    return { url: supabase.url, leave: () => supabase.stop() };
  }
  const connection = await connectEmbeddedSupabase({ ...options, mayCreate: true });
  if (connection === undefined) throw new Error("There is no database.");
  return { url: connection.url, leave: () => connection.close() };
}

const used = await use();
console.log(JSON.stringify({ url: used.url }));
await once(process.stdin.resume(), "end");
await used.leave();
process.exit();
