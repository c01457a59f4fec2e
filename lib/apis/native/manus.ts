import { z } from "zod";
import { stripInvisible } from "#lib/prompts/sanitize.ts";

const MAX_PROMPT = 20_000;
const MAX_PAGE = 100;
/** What a cursor says, before it is encoded. */
const CURSOR = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z) ([0-9a-f-]{36})$/;

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
export const taskListQuerySchema = z.object({
  limit: z.coerce
    .number()
    .int()
    .min(1)
    .max(MAX_PAGE)
    .default(50)
    .describe("The largest number of tasks in the answer."),
  cursor: z
    .string()
    .max(200)
    .transform((text, context) => {
      const place = readCursor(text);
      if (place === undefined)
        context.addIssue({ code: "custom", message: "is not a nextCursor of this list" });
      return place ?? z.NEVER;
    })
    .optional()
    .describe("The `nextCursor` of the page before."),
});

function readCursor(text: string): Place | undefined {
  const [, createdAt, id] = CURSOR.exec(Buffer.from(text, "base64url").toString("latin1")) ?? [];
  return createdAt === undefined || id === undefined ? undefined : { createdAt, id };
}

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
    ...(next === undefined
      ? {}
      : { nextCursor: Buffer.from(`${next.createdAt} ${next.id}`).toString("base64url") }),
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
