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
  original: z.literal(true).optional().meta({
    description: "The file itself is kept, too: `GET /api/attachments/{id}` tells where.",
  }),
});

/** The answer to a new upload. */
export const begunUploadSchema = z.object({
  id: z.uuid().meta({ description: "For `POST /api/attachments/uploads/{id}/complete`." }),
  url: z.url().meta({ description: "Takes the file, without any credential." }),
  method: z.literal("PUT"),
  headers: z.record(z.string(), z.string()).meta({ description: "To be sent with the file, as they are." }),
  expiresAt: z.iso.datetime(),
});

/** Where the bytes of a file can be had. */
export const downloadSchema = z.object({
  id: z.uuid(),
  name: z.string(),
  mediaType: z.string().meta({ description: "By its bytes." }),
  bytes: z.number().int(),
  url: z.url().meta({ description: "Gives the file to everybody who has it, until it expires." }),
  expiresAt: z.iso.datetime(),
});
