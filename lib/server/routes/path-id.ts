import { z } from "zod";

const idSchema = z.uuid();

/**
 * The id (a UUID) at the end of a request's path; undefined if it cannot be one, so that nothing has it.
 * @param options.before the segment that follows the id.
 */
export function pathId(
  { url }: Pick<Request, "url">,
  { before }: { before?: string } = {},
): string | undefined {
  const segments = new URL(url).pathname.replace(/\/$/, "").split("/");
  if (before !== undefined) segments.pop();
  return idSchema.safeParse(segments.at(-1)).data?.toLowerCase();
}
