import { z } from "zod";

const code = z
  .string()
  .trim()
  .toUpperCase()
  .regex(/^[A-Z]{3,5}$/);

export const exchangeInput = z.object({
  amount: z.number().min(0).lt(1e21).default(1).describe("How much of `from` is converted"),
  from: code.describe("ISO 4217 code of the currency that is converted"),
  to: z.array(code).min(1).max(6).describe("ISO 4217 codes of the currencies it is converted into"),
  date: z.iso.date().optional().describe("The day of the rate, YYYY-MM-DD; the latest if it is missing"),
  assumed: z
    .array(z.string().max(200))
    .max(8)
    .optional()
    .describe("How words were read that can be read in several ways; repeated in the result"),
});

export type ExchangeInput = z.infer<typeof exchangeInput>;
