import { z } from "zod";

export const REQUEST_STATUSES = ["started", "completed", "failed", "cancelled", "interrupted"] as const;
const MAX_PAGE = 200;
const MAX_NAME = 200;
const MAX_CURSOR = 200;

const name = z
  .string()
  .min(1)
  .max(MAX_NAME)
  .regex(/^\P{Cc}*$/u, "must not hold control characters");
const id = z.uuid().transform((text) => text.toLowerCase());
const time = z.iso
  .datetime({ offset: true })
  .refine(isInEra, "must be a time of the years 1970 to 9998")
  .transform((text) => new Date(text).toISOString());
/** Digits, so that nothing else that JavaScript takes for a number passes. */
const usd = z
  .string()
  .regex(/^\d{1,9}(?:\.\d{1,12})?$/, "must be an amount in USD, such as 0.25")
  .transform(Number);

/** The query of `GET /api/admin/requests`. */
export const adminRequestsQuerySchema = z.object({
  status: z.enum(REQUEST_STATUSES).optional().describe("How the request ended."),
  mode: name.optional().describe("The mode, or `named` if the client named engines."),
  engine: z
    .string()
    .max(MAX_NAME * 2)
    .regex(/^[^/\p{Cc}]+\/\P{Cc}+$/u, "must be an engine as provider/model")
    .transform((text) => {
      const slash = text.indexOf("/");
      return { provider: text.slice(0, slash), model: text.slice(slash + 1) };
    })
    .optional()
    .describe("The engine that answered, as `provider/model`."),
  provider: name.optional().describe("The provider that answered."),
  user: id.optional().describe("The id of a user."),
  key: id.optional().describe("The id of a gateway key."),
  route: name.optional().describe("The path that was called, such as `/api/ai-chat`."),
  from: time.optional().describe("Begun at or after this time, ISO 8601."),
  to: time.optional().describe("Begun before this time, ISO 8601."),
  minCost: usd.optional().describe("USD. Requests whose cost is unknown are left out."),
  maxCost: usd.optional().describe("USD. Requests whose cost is unknown are left out."),
  cost: z.literal("unknown").optional().describe("Only requests whose cost is unknown."),
  limit: z.coerce
    .number()
    .int()
    .min(1)
    .max(MAX_PAGE)
    .default(50)
    .describe("The largest number of requests in the answer."),
  cursor: z.string().min(1).max(MAX_CURSOR).optional().describe("The `nextCursor` of the page before."),
});

/** What JavaScript and Postgres write alike. */
function isInEra(text: string): boolean {
  const at = Date.parse(text);
  return at >= 0 && at < Date.UTC(9999);
}
