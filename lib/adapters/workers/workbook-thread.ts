// The entry of the threads that write workbooks (started by workbook-pool.ts).
import { parentPort } from "node:worker_threads";
import type { WorkbookReply, WorkbookRequest } from "#lib/adapters/workers/workbook-messages.ts";
import { writeWorkbook } from "#lib/export/xlsx/write-workbook.ts";

const MAX_FAILURE = 500;

async function replyTo({ tables }: WorkbookRequest): Promise<WorkbookReply> {
  try {
    return { type: "written", bytes: new Uint8Array(await writeWorkbook(tables)) };
  } catch (error) {
    return { type: "failed", message: String(error).slice(0, MAX_FAILURE) };
  }
}

// Not workerData: in a Turbopack build it arrives as {}.
parentPort?.on("message", async (request: WorkbookRequest) => {
  const reply = await replyTo(request);
  parentPort?.postMessage(reply, reply.type === "written" ? [reply.bytes.buffer] : []);
});
