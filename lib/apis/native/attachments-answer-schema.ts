import { z } from "zod";

/** The answer to an upload, for the OpenAPI document. */
export const uploadedSchema = z.object({
  id: z.uuid().meta({ description: "For `files: [{ id }]` of `POST /api/ai-chat`." }),
  name: z.string(),
  type: z.enum(["image", "pdf", "xlsx", "docx"]).meta({ description: "By its bytes." }),
  bytes: z.number().int(),
  pages: z.number().int().optional().meta({ description: "Pages of a PDF, sheets of a workbook." }),
  preview: z.string().optional().meta({ description: "How its text begins." }),
  notes: z.array(z.string()).optional().meta({ description: "What of the file could not be read." }),
});
