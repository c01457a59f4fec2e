import { z } from "zod";

/** The query of `GET /api/v1/quota`. What is no id of a user is refused where it is known who asks. */
export const quotaQuerySchema = z.object({
  user_id: z.string().max(100).optional().describe("Another user, for admins; by default the caller."),
});

type Quota<User, Company> = {
  day: string;
  resetsAt: string;
  user: readonly User[];
  company: readonly Company[];
};

/** The body of `GET /api/v1/quota`. */
export function quotaBody<User, Company>({ day, resetsAt, user, company }: Quota<User, Company>): object {
  return { day, resetsAt, user: { modes: user }, company: { modes: company } };
}
