import { readFile } from "node:fs/promises";
import { join } from "node:path";

const HEADERS = { "content-type": "image/png", "cache-control": "public, max-age=3600" };

/** The pictures of the docs, which their pages and the README share. */
export async function GET(_: Request, { params }: { params: Promise<{ name: string }> }): Promise<Response> {
  const { name } = await params;
  const missing = new Response("There is no such picture.\n", { status: 404 });
  if (!/^[\w-]+\.png$/.test(name)) return missing;
  try {
    return new Response(await readFile(join(process.cwd(), "docs/images", name)), { headers: HEADERS });
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return missing;
    throw error;
  }
}
