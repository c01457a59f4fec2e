import { z } from "zod";
import { nextCursor, pageQuery } from "#lib/apis/native/list-page.ts";
import { stripInvisible } from "#lib/prompts/sanitize.ts";

const MAX_PROMPT = 20_000;

/** The body of `POST /api/v1/manus`. */
export const newTaskBodySchema = z.object({
  prompt: z
    .string()
    .meta({ minLength: 1, maxLength: MAX_PROMPT })
    .transform(stripInvisible)
    .refine((text) => text.trim() !== "", "must not be blank")
    .refine((text) => text.length <= MAX_PROMPT, `must have at most ${MAX_PROMPT} characters`),
  taskId: z
    .uuid()
    .nullish()
    .describe("A task of the caller, which goes on with the prompt. Without it, a task is made."),
});

/** The query of `DELETE /api/v1/manus`. */
export const taskIdQuerySchema = z.object({ id: z.uuid().describe("The task that is stopped and removed.") });

type Place = { createdAt: string; id: string };

/** The query of `GET /api/v1/manus`. */
export const taskListQuerySchema = z.object(pageQuery("tasks"));

type Summary = Place & {
  title: string;
  url: string | undefined;
  status: string;
  error: string | undefined;
  sessionId: string | undefined;
  updatedAt: string;
};
type Whole = Summary & {
  prompt: string;
  output: string | undefined;
  artifacts: readonly { name: string; url: string; type?: string | undefined; bytes?: number | undefined }[];
};

/** The body of `GET /api/v1/manus`. */
export function taskListBody(tasks: readonly Summary[], next: Place | undefined): object {
  return {
    tasks: tasks.map(summaryBody),
    ...nextCursor(next && { at: next.createdAt, id: next.id }),
  };
}

function summaryBody({ id, title, url, status, error, sessionId, createdAt, updatedAt }: Summary): object {
  return {
    ...{ id, title, status, url: url ?? null, error: error ?? null, sessionId: sessionId ?? null },
    ...{ createdAt, updatedAt },
  };
}

/** A task with what it has made. */
export function taskBody(task: Whole): object {
  const { prompt, output, artifacts } = task;
  return { ...summaryBody(task), prompt, output: output ?? null, artifacts };
}
