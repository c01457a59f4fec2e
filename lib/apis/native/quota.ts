import { z } from "zod";

/** The query of `GET /api/v1/quota`. What is no id of a user is refused where it is known who asks. */
export const quotaQuerySchema = z.object({
  user_id: z.string().max(100).optional().describe("Another user, for admins; by default the caller."),
});

type Mode = { mode: string; used: number; countsIn?: string | undefined };
type Quota = {
  day: string;
  resetsAt: string;
  user: readonly (Mode & { limit: number; remaining: number })[];
  company: readonly (Mode & { capacity: number })[];
};

/** The body of `GET /api/v1/quota`. */
export function quotaBody({ day, resetsAt, user, company }: Quota): object {
  return {
    day,
    resetsAt,
    user: {
      modes: user.map(({ mode, used, limit, remaining, countsIn }) => ({
        mode,
        used,
        limit,
        remaining,
        countsIn,
      })),
    },
    company: {
      modes: company.map(({ mode, used, capacity, countsIn }) => ({ mode, used, capacity, countsIn })),
    },
  };
}
