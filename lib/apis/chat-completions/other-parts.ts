import { type ClientFile, filePart } from "#lib/apis/documents.ts";
import type { ContentPart } from "#lib/chat/request.ts";
import { field, type JsonObject, stringField } from "#lib/shared/json.ts";

/**
 * A part that is neither text nor an image: a document in one of the forms that clients send, or a part that
 * only engines of this API may know.
 * @param path its place in the request.
 */
export function readOther(value: JsonObject, path: string): ContentPart {
  const file = fileIn(value);
  return file === undefined ? { type: "opaque", dialect: "openai", value, path } : filePart(file, path);
}

/** The file in a part; undefined for other parts, and for files that a provider stores. */
function fileIn(value: JsonObject): ClientFile | undefined {
  switch (value["type"]) {
    case "file": {
      const { file = value } = value;
      return known({
        data: stringField(file, "file_data") ?? stringField(file, "data"),
        url: stringField(file, "file_url") ?? stringField(file, "url"),
        name: stringField(file, "filename"),
        mediaType: stringField(file, "mime_type") ?? stringField(file, "format"),
      });
    }
    case "input_file":
      return known({
        data: stringField(value, "file_data"),
        url: stringField(value, "file_url"),
        name: stringField(value, "filename"),
      });
    case "document_url": {
      // Mistral's form.
      const url = stringField(value, "document_url") ?? stringField(value["document_url"], "url");
      return known({ url, name: stringField(value, "document_name") });
    }
    case "document": {
      // Anthropic's form.
      const source = field(value, "source");
      const isText = stringField(source, "type") === "text";
      return known({
        data: stringField(source, "data"),
        url: stringField(source, "url"),
        name: stringField(value, "title"),
        mediaType: isText ? "text/plain" : stringField(source, "media_type"),
        isPlain: isText,
      });
    }
    default:
      return undefined;
  }
}

function known(file: ClientFile): ClientFile | undefined {
  return file.data == null && file.url == null ? undefined : file;
}
