import { createHash, sign } from "node:crypto";
import { expect, test } from "vitest";
import { createdTask, taskState } from "#lib/manus/answers.ts";
import { hasHmac, isSigned, signedSeconds } from "#lib/manus/signature.ts";
import { TASK_STATUSES } from "#lib/manus/task.ts";
import { olderWebhookNews, webhookNews } from "#lib/manus/webhook.ts";
import { aKeyPair, hmacSigned } from "../support/manus-upstream.ts";
import { fc } from "../support/properties.ts";

const NAMES = ["task_id", "id", "status", "event_type", "task_detail", "messages", "status_update", "output"];
const WORDS = [
  "task_stopped",
  "task_created",
  "running",
  "stopped",
  "finish",
  "constructor",
  "__proto__",
  "x",
];
/** JSON with the fields of Manus's answers in every place. */
const { anything } = fc.letrec((tie) => ({
  anything: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom(...WORDS),
    fc.jsonValue({ maxDepth: 1 }),
    fc.array(tie("anything"), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom(...NAMES), tie("anything"), { maxKeys: 4 }),
  ),
}));

test("whatever comes is news of a task with a known state, or none", () => {
  fc.assert(
    fc.property(anything, anything, (one, other) => {
      for (const news of [webhookNews(one), olderWebhookNews(one), taskState("a", one, other)]) {
        if (news === undefined) continue;
        expect(TASK_STATUSES).toContain(news.status);
        expect(typeof news.manusId).toBe("string");
      }
      const made = createdTask(one);
      if (made !== undefined) expect(made.manusId).not.toBe("");
    }),
  );
});

test("a signature is of every byte of the body, of the address and of the time", () => {
  const { publicKey, privateKey } = aKeyPair();
  const bytes = fc.uint8Array({ minLength: 1, maxLength: 40 });
  fc.assert(
    fc.property(bytes, fc.webUrl(), fc.integer({ min: 1, max: 2e9 }), fc.nat(), (body, url, time, place) => {
      const timestamp = String(time);
      const text = `${timestamp}.${url}.${createHash("sha256").update(body).digest("hex")}`;
      const signature = sign("RSA-SHA256", Buffer.from(text), privateKey).toString("base64");
      const request = { timestamp, url, body, signature };
      expect(isSigned(request, publicKey)).toBe(true);
      const other = Uint8Array.from(body, (byte, at) => (at === place % body.length ? byte ^ 1 : byte));
      for (const change of [{ body: other }, { url: `${url}?` }, { timestamp: `0${timestamp}` }]) {
        expect(isSigned({ ...request, ...change }, publicKey)).toBe(false);
      }
      const hmac =
        hmacSigned(Buffer.from(body).toString("latin1"), "s".repeat(16))["x-manus-signature"] ?? "";
      const sent = Buffer.from(Buffer.from(body).toString("latin1"));
      expect(hasHmac(sent, hmac, "s".repeat(16))).toBe(true);
      expect(hasHmac(sent, hmac.toUpperCase(), "s".repeat(16))).toBe(true);
      expect(hasHmac(sent, hmac, "t".repeat(16))).toBe(false);
    }),
    { numRuns: 30 },
  );
});

test.each([
  ["1000", 1_000_000, 1_000],
  ["1300", 1_000_000, 1_300],
  ["1301", 1_000_000, undefined],
  ["700", 1_000_000, 700],
  ["699", 1_000_000, undefined],
  ["", 0, undefined],
  ["-1", 0, undefined],
  ["1e3", 1_000_000, undefined],
  ["1000.5", 1_000_000, undefined],
  ["9".repeat(13), 0, undefined],
] as const)("the time %j at %i is %s", (header, now, expected) => {
  expect(signedSeconds(header, now)).toBe(expected);
});

test("a state is the newest one, and an answer what was said since the user's last message", () => {
  const messages = [
    { status_update: { agent_status: "waiting" } },
    { assistant_message: { content: "Which one?" } },
    { user_message: { content: "More" } },
    { status_update: { agent_status: "stopped" } },
    { assistant_message: { content: "Before." } },
  ];
  const task = { title: " A\n title ", task_url: "https://manus.example/app/a", status: "running" };
  expect(taskState("a", { ok: true, task }, { messages })).toMatchObject({
    manusId: "a",
    status: "waiting",
    title: "A title",
    url: "https://manus.example/app/a",
    output: "Which one?",
  });
  expect(taskState("a", { task }, { messages: [] })).toMatchObject({ status: "running" });
  expect(taskState("a", { task: { status: "dreaming" } }, {})).toBeUndefined();
});
