import type { z } from "zod";
import {
  newTaskBodySchema,
  taskBody,
  taskIdQuerySchema,
  taskListBody,
  taskListQuerySchema,
} from "#lib/apis/native/manus.ts";
import { readBytes } from "#lib/server/http/body.ts";
import { MEGABYTE } from "#lib/server/http/body-reader.ts";
import { clientAddress } from "#lib/server/http/client-address.ts";
import { jsonBody } from "#lib/server/http/declaration.ts";
import { jsonResponse, PlainResponse } from "#lib/server/http/fast/plain-response.ts";
import { readQuery } from "#lib/server/http/query.ts";
import { declareRoute, type GatewayCall } from "#lib/server/routes/gateway-route.ts";
import { pathId } from "#lib/server/routes/path-id.ts";
import { orderTask } from "#lib/services/manus/order-task.ts";
import { takeWebhook } from "#lib/services/manus/take-webhook.ts";
import { getTask, listTasks, removeTask } from "#lib/services/manus/tasks.ts";

type NewTask = z.output<typeof newTaskBodySchema>;

const loadSchemas = () => import("#lib/apis/native/manus-answer-schema.ts");

/** `/api/v1/manus`: gives a task to Manus, lists the caller's tasks, stops and removes one. */
export const manus = declareRoute({
  path: "/api/v1/manus",
  access: "caller",
  errors: "native",
  methods: {
    POST: {
      summary: "Give a task to Manus",
      description:
        "The answer comes at once; the work takes minutes. With `taskId`, a task of before goes on with the prompt.",
      answers: async () => {
        const { taskSchema } = await loadSchemas();
        return {
          200: { description: "The task, which goes on.", json: taskSchema },
          201: { description: "The new task.", json: taskSchema },
        };
      },
      body: jsonBody({
        schema: newTaskBodySchema,
        maxBytes: MEGABYTE,
        read: ({ prompt, taskId }): NewTask => ({ prompt, taskId }),
      }),
      answer: create,
    },
    GET: {
      summary: "The caller's tasks",
      description: "As they were last known. `nextCursor` is there if there are more.",
      query: taskListQuerySchema,
      answers: async () => ({
        200: { description: "The newest first.", json: (await loadSchemas()).taskListSchema },
      }),
      answer: list,
    },
    DELETE: {
      summary: "Stop a task and remove it",
      description: "What Manus keeps of it stays in the operator's account there.",
      query: taskIdQuerySchema,
      answers: async () => ({ 204: { description: "The task is stopped and removed." } }),
      answer: remove,
    },
  },
});

/** `GET /api/v1/manus/tasks/[id]`: a task and what it has made. */
export const manusTask = declareRoute({
  path: "/api/v1/manus/tasks/[id]",
  access: "caller",
  errors: "native",
  methods: {
    GET: {
      summary: "A task and what it has made",
      description:
        "Manus is asked for the state, unless the task has ended or that was done within the last five seconds.",
      answers: async () => ({
        200: { description: "The task.", json: (await loadSchemas()).taskSchema },
      }),
      answer: open,
    },
  },
});

/** `POST /api/v1/manus/webhook`: what Manus says by itself. Its signature is the credential. */
export const manusWebhook = declareRoute({
  path: "/api/v1/manus/webhook",
  access: "public",
  errors: "native",
  methods: {
    POST: {
      summary: "Take a webhook of Manus",
      description:
        "Signed by Manus (`X-Webhook-Signature`, `X-Webhook-Timestamp`), or by the older form (`x-manus-signature`).",
      answers: async () => ({
        200: { description: "It was taken.", json: (await loadSchemas()).webhookAnswerSchema },
      }),
      answer: take,
    },
  },
});

async function create(call: GatewayCall<"caller", NewTask>): Promise<PlainResponse> {
  const { gateway, requestId, caller, body, waitUntil, onRateLimit } = call;
  const order = { prompt: body.prompt, taskId: body.taskId?.toLowerCase() };
  const task = await orderTask(order, { requestId, caller, waitUntil, onRateLimit }, gateway.manus);
  return jsonResponse(taskBody(task), { status: order.taskId === undefined ? 201 : 200 });
}

async function list({ gateway, caller, request }: GatewayCall<"caller">): Promise<PlainResponse> {
  const { limit, cursor } = readQuery(request, taskListQuerySchema);
  const page = await listTasks(
    caller,
    { limit, after: cursor && { createdAt: cursor.at, id: cursor.id } },
    gateway.manus,
  );
  return jsonResponse(taskListBody(page.tasks, page.next));
}

async function remove({ gateway, caller, request }: GatewayCall<"caller">): Promise<PlainResponse> {
  const { id } = readQuery(request, taskIdQuerySchema);
  await removeTask(caller, id.toLowerCase(), gateway.manus);
  return new PlainResponse(null, { status: 204 });
}

async function open({ gateway, caller, request }: GatewayCall<"caller">): Promise<PlainResponse> {
  return jsonResponse(taskBody(await getTask(caller, pathId(request), gateway.manus)));
}

async function take({ gateway, request, host }: GatewayCall<"public">): Promise<PlainResponse> {
  const room = gateway.bodies.open(`address ${clientAddress(request, host, gateway.env)}`);
  try {
    const body = await readBytes(request, MEGABYTE, room);
    await takeWebhook({ body, headers: request.headers, url: request.url }, gateway.manus);
  } finally {
    room.release();
  }
  return jsonResponse({ ok: true });
}
