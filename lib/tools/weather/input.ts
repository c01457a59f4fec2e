import { z } from "zod";

export const weatherInput = z.object({
  place: z
    .string()
    .trim()
    .min(1)
    .max(100)
    .optional()
    .describe(
      "A town or region, with its state or country behind a comma if there are several: `Paris, Texas`",
    ),
});

export type WeatherInput = z.infer<typeof weatherInput>;
