// The entry of the threads that write PDF documents (started by pdf-pool.ts).
import { parentPort } from "node:worker_threads";
import { installedFonts } from "#lib/adapters/workers/installed-fonts.ts";
import type { PdfReply, PdfThreadRequest } from "#lib/adapters/workers/pdf-messages.ts";
import { TooManyPages } from "#lib/export/pdf/sheet.ts";
import { writePdf } from "#lib/export/pdf/write-pdf.ts";

const MAX_FAILURE = 500;

async function replyTo({ root, ...request }: PdfThreadRequest): Promise<PdfReply> {
  try {
    return { type: "written", ...(await writePdf(request, installedFonts(root))) };
  } catch (error) {
    if (error instanceof TooManyPages) return { type: "too_many_pages" };
    return { type: "failed", message: String(error).slice(0, MAX_FAILURE) };
  }
}

// What a library leaves behind after a broken picture does not end the thread.
process.on("unhandledRejection", () => undefined);

// Not workerData: in a Turbopack build it arrives as {}.
parentPort?.on("message", async (request: PdfThreadRequest) => {
  const reply = await replyTo(request);
  parentPort?.postMessage(reply, reply.type === "written" ? [reply.bytes.buffer] : []);
});
