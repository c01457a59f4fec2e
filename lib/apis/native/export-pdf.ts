import { z } from "zod";
import { fileNameSchema } from "#lib/apis/native/files.ts";
import type { PageSize } from "#lib/export/pdf/theme.ts";

const MAX_CONTENT = 200_000;
const MAX_TITLE = 300;

/** The body of `POST /api/v1/export/pdf`. */
export const exportPdfBodySchema = z.object({
  content: z.string().max(MAX_CONTENT).describe("The text, in GitHub's Markdown with footnotes."),
  filename: fileNameSchema.nullish().describe("With or without `.pdf`."),
  title: z.string().max(MAX_TITLE).nullish().describe("The document's title; without it, the first heading."),
  pageSize: z.enum(["a4", "letter"]).default("a4"),
});

type PdfWish = {
  content: string;
  fileName: string | undefined;
  title: string | undefined;
  pageSize: PageSize;
};

export function readExportPdfBody(body: z.output<typeof exportPdfBodySchema>): PdfWish {
  const { content, filename, title, pageSize } = body;
  const given = title?.trim();
  return {
    ...{ content, pageSize },
    fileName: filename ?? undefined,
    title: given === "" ? undefined : given,
  };
}
