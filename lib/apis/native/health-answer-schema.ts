import { z } from "zod";

/** The answer of `GET /api/health` for a status of the process. */
export const healthSchema = <Status extends string>(status: Status) =>
  z.object({
    status: z.literal(status),
    version: z.string(),
    engines: z.enum(["sandbox", "providers", "none"]),
  });
