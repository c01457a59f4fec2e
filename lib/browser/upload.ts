import { callApi, type FetchLike } from "#lib/browser/api.ts";
import type { AttachedFile } from "#lib/browser/turns.ts";
import { stringField } from "#lib/shared/json.ts";

/** Uploads a file for a message. Throws an `ApiError` that says why it cannot be read. */
export async function uploadFile(file: File, signal: AbortSignal, fetch?: FetchLike): Promise<AttachedFile> {
  const form = new FormData();
  form.append("file", file);
  const call = { method: "POST", form, signal, ...(fetch === undefined ? {} : { fetch }) } as const;
  const uploaded = await callApi("/api/attachments/upload", call);
  return {
    id: stringField(uploaded, "id") ?? "",
    name: stringField(uploaded, "name") ?? file.name,
    type: stringField(uploaded, "type") ?? "",
  };
}
