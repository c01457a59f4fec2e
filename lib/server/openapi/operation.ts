import type { z } from "zod";

/** What an operation answers with: a JSON body, a stream of events of one schema, or nothing. */
export type AnswerDocs = { description: string; json?: z.ZodType; events?: z.ZodType };

/** One method of a route, as the OpenAPI document describes it. */
export type Operation = {
  summary: string;
  description?: string;
  /** Who may call: anybody, whoever is signed in or has a key, signed-in users only, or as OpenAI's clients do. */
  access: "public" | "caller" | "user" | "proxy";
  /** The shape of its errors. */
  errors: "native" | "openai" | "anthropic";
  body?: z.ZodType;
  /** Successful answers by status. */
  answers: Readonly<Record<number, AnswerDocs>>;
};

export type PathDocs = Readonly<Partial<Record<"get" | "post" | "put" | "patch" | "delete", Operation>>>;
