import { filePart } from "#lib/apis/documents.ts";
import type { InputContent } from "#lib/apis/responses/schema.ts";
import type { AssistantPart, Content, ContentPart, ImagePart } from "#lib/chat/request.ts";
import type { JsonObject } from "#lib/shared/json.ts";

/** Text and refusals of an earlier answer in the history. */
export function readAssistantContent(
  content: InputContent,
  dropped: Set<string>,
  path: string,
): AssistantPart[] {
  if (content === null || content === undefined) return [];
  if (typeof content === "string") return [{ type: "text", text: content }];
  return content.flatMap((part, index): AssistantPart[] =>
    part.type === "refusal"
      ? [{ type: "refusal", text: part.refusal }]
      : readPart(part, dropped, `${path}.${index}`),
  );
}

/** @param path the place of the content in the request: `input.2.content`. */
export function readContent(content: InputContent, dropped: Set<string>, path: string): Content {
  if (content === null || content === undefined) return "";
  if (typeof content === "string") return content;
  const parts = content.flatMap((part, index) => readPart(part, dropped, `${path}.${index}`));
  const [only] = parts;
  if (only === undefined) return "";
  return parts.length === 1 && only.type === "text" ? only.text : parts;
}

type InputPart = Exclude<InputContent, string | null | undefined>[number];

function readPart(part: InputPart, dropped: Set<string>, path: string): ContentPart[] {
  switch (part.type) {
    case "input_text":
    case "output_text":
    case "text":
    case "summary_text":
      return [{ type: "text", text: part.text }];
    case "refusal":
      return [];
    case "input_image": {
      if (part.image_url == null) {
        // Only OpenAI, which stores the file, can resolve its id.
        return [{ type: "opaque", dialect: "openai", value: storedImage(part.file_id) }];
      }
      return [{ type: "image", url: part.image_url, ...imageDetail(part.detail) }];
    }
    case "input_file": {
      const { file_data: data, file_url: url, filename: name } = part;
      if (data != null || url != null) return [filePart({ data, url, name }, path)];
      // Only OpenAI, which stores the file, can resolve its id.
      return [
        {
          type: "opaque",
          dialect: "openai",
          value: { type: "file", file: { file_id: part.file_id ?? null } },
        },
      ];
    }
    case "input_audio":
      return [
        {
          type: "opaque",
          dialect: "openai",
          value: { type: "input_audio", input_audio: part.input_audio },
        },
      ];
    case "other":
      dropped.add(`input.${String(part.value["type"])}`);
      return [];
  }
}

function storedImage(id: string | null | undefined): JsonObject {
  return { type: "input_image", file_id: id ?? null };
}

function imageDetail(detail: string | null | undefined): Pick<ImagePart, "detail"> {
  switch (detail) {
    case "auto":
    case "low":
    case "high":
      return { detail };
    // Chats have no larger size.
    case "original":
      return { detail: "high" };
    default:
      return {};
  }
}
