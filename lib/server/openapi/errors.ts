import { z } from "zod";
import { ERROR_STATUS } from "#lib/shared/errors.ts";

const codes = Object.keys(ERROR_STATUS);

const retryFields = {
  retryable: z
    .boolean()
    .optional()
    .describe("For errors of engines: whether the same request may succeed when it is sent again."),
  reason: z
    .string()
    .optional()
    .describe("Why an answer that broke off was not continued, such as `tool_call`, `json` or `no_engine`."),
};

export const nativeErrorSchema = z.object({
  error: z.object({
    code: z.enum(codes),
    message: z.string(),
    requestId: z.uuid(),
    ...retryFields,
    details: z.unknown().optional(),
  }),
});

export const openAiErrorSchema = z.object({
  error: z.object({
    message: z.string(),
    type: z.string(),
    param: z.string().nullable(),
    code: z.string(),
    ...retryFields,
  }),
});

export const anthropicErrorSchema = z.object({
  type: z.literal("error"),
  error: z.object({
    type: z.string(),
    message: z.string(),
    details: z.object({ error_code: z.string() }).optional(),
    ...retryFields,
  }),
  request_id: z.string().nullable(),
});

export const jsonRpcErrorSchema = z.object({
  jsonrpc: z.literal("2.0"),
  error: z.object({
    code: z.int(),
    message: z.string(),
    data: z.object({ code: z.enum(codes), requestId: z.uuid() }),
  }),
  id: z.null(),
});
