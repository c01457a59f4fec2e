import { z } from "zod";
import { ERROR_STATUS } from "#lib/shared/errors.ts";

const codes = Object.keys(ERROR_STATUS);

export const nativeErrorSchema = z.object({
  error: z.object({
    code: z.enum(codes),
    message: z.string(),
    requestId: z.uuid(),
    details: z.unknown().optional(),
  }),
});

export const openAiErrorSchema = z.object({
  error: z.object({
    message: z.string(),
    type: z.string(),
    param: z.string().nullable(),
    code: z.string(),
  }),
});

export const anthropicErrorSchema = z.object({
  type: z.literal("error"),
  error: z.object({
    type: z.string(),
    message: z.string(),
    details: z.object({ error_code: z.string() }).optional(),
  }),
  request_id: z.string().nullable(),
});
