import { z } from "zod";

const idSchema = z.uuid();

/** The id (a UUID) at the end of a request's path; undefined if it cannot be one, so that nothing has it. */
export function pathId({ url }: Pick<Request, "url">): string | undefined {
  return idSchema.safeParse(new URL(url).pathname.replace(/\/$/, "").split("/").at(-1)).data?.toLowerCase();
}
