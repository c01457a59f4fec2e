import { z } from "zod";
import { truncate } from "#lib/shared/text.ts";
import { ToolHttpError } from "#lib/tools/tool-http.ts";

const MAX_TITLE = 300;
/** A longer address is no link that anybody could use. */
const MAX_URL = 2_000;
const ITEM = "https://news.ycombinator.com/item?id=";

export type Story = {
  title: string;
  /** The page it is about; the discussion itself for one that has none ("Ask HN"). */
  url: string;
  discussion: string;
  points: number;
  comments: number;
  /** `2026-11-26`; empty if it is not told. */
  date: string;
};

const hitSchema = z.object({
  objectID: z.union([z.string().regex(/^\d+$/), z.number().int()]),
  title: z.string().min(1),
  url: z.string().nullish(),
  points: z.number().nullish(),
  num_comments: z.number().nullish(),
  created_at: z.string().nullish(),
});
const answerSchema = z.object({ hits: z.array(z.unknown()) });

/** The stories in an answer of the search API; entries that are none are left out. Throws `ToolHttpError`. */
export function readStories(answer: unknown): Story[] {
  const parsed = answerSchema.safeParse(answer);
  if (!parsed.success) throw new ToolHttpError({ kind: "garbage" }, parsed.error);
  return parsed.data.hits.flatMap((hit) => {
    const { success, data } = hitSchema.safeParse(hit);
    return success ? [storyOf(data)] : [];
  });
}

function storyOf(hit: z.infer<typeof hitSchema>): Story {
  const discussion = `${ITEM}${hit.objectID}`;
  const { url } = hit;
  return {
    title: truncate(hit.title, MAX_TITLE),
    url: isPage(url) ? url : discussion,
    discussion,
    points: hit.points ?? 0,
    comments: hit.num_comments ?? 0,
    date: /^\d{4}-\d\d-\d\d/.exec(hit.created_at ?? "")?.[0] ?? "",
  };
}

/** A web address that can be shown to people: no script, no credentials in it. */
function isPage(url: string | null | undefined): url is string {
  if (typeof url !== "string" || url.length > MAX_URL || !URL.canParse(url)) return false;
  const { protocol, username, password } = new URL(url);
  return /^https?:$/.test(protocol) && username === "" && password === "";
}

/** One line of the list that a model reads. */
export function storyText({ title, url, discussion, points, comments, date }: Story, index: number): string {
  const where = url === discussion ? discussion : `${url} (discussion: ${discussion})`;
  const when = date === "" ? "" : `, ${date}`;
  return `${index + 1}. ${title} | ${points} points, ${comments} comments${when} | ${where}`;
}
