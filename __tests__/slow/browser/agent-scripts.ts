import type { AgentEvent } from "#lib/streaming/agent-events.ts";
import type { NativeEvent } from "#lib/streaming/events.ts";
import type { ScriptedRoute } from "./scripted-routes.ts";

/** MCP servers as `GET /api/v1/mcp?servers=1` and `GET /api/admin/mcp` tell of them. */
export const SERVERS = [
  { id: "notes", name: "Team notes" },
  { id: "calendar", name: "Calendar" },
];
const tool = (name: string, description: string, needsApproval: boolean) => ({
  ...{ name, title: null, description, allowed: true, needsApproval },
});
export const ADMIN_SERVERS = [
  {
    ...{ id: "notes", name: "Team notes", state: "connected", protocolVersion: "2026-07-28" },
    ...{ since: new Date().toISOString(), error: null, server: { name: "notes-server", version: "1.2.3" } },
    tools: [
      tool("search_notes", "Finds notes by their words.", false),
      tool("write_note", "Writes a note that everybody can read.", true),
    ],
    problems: ["broken_tool: its input schema is no object."],
  },
  {
    ...{ id: "calendar", name: "Calendar", state: "failed", error: "It cannot be reached." },
    ...{ since: new Date().toISOString(), protocolVersion: null, server: null, tools: null, problems: [] },
  },
];

/** Tasks as `GET /api/v1/manus` and `GET /api/v1/manus/tasks/{id}` tell of them. */
const task = (id: string, title: string, status: string) => ({
  ...{ id, title, status, url: `https://manus.im/app/${id}`, error: null, sessionId: null },
  ...{ createdAt: new Date().toISOString(), updatedAt: new Date().toISOString() },
});
export const TASKS = [
  task("11111111-1111-4111-8111-111111111111", "Compare heat pumps for old houses", "running"),
  task("22222222-2222-4222-8222-222222222222", "Who makes tram bells?", "completed"),
];
export const TASK_RESULT = {
  ...TASKS[1],
  ...{ prompt: "Who makes tram bells?", output: "Three **foundries** in Europe do." },
  artifacts: [
    { name: "report.pdf", url: "https://files.example/report.pdf" },
    { name: "trap", url: "javascript:alert(1)" },
  ],
};

export const listsServers: ScriptedRoute = (_body, answer) => answer.json({ servers: SERVERS });
export const listsStates: ScriptedRoute = (_body, answer) => answer.json({ servers: ADMIN_SERVERS });

const BACKEND: NativeEvent = {
  ...{ type: "backend", label: "Groq GPT-OSS 120B", provider: "groq", model: "openai/gpt-oss-120b" },
};
const DONE: NativeEvent[] = [
  { type: "usage", promptTokens: 812, completionTokens: 64, costUsd: 0.000_21 },
  { type: "done", usage: 1, model: "smart", tokensOut: 64 },
];
/** A tool's result that would like to be markup, and one that would like to be read otherwise than it is. */
export const HOSTILE_RESULT = 'Note 7: <img src=x onerror="alert(1)"> **Friday**, invoice\u202egnp.exe';
export const NOTE = { title: "Launch", text: "We launch on Friday at 10:00.", tags: ["launch", "team"] };

/** The first half of an answer: it has searched the notes, and asks before it writes one. */
export const searchesThenAsks: readonly NativeEvent[] = [
  BACKEND,
  { type: "token", text: "Let me look at **your notes** first." },
  {
    ...{ type: "tool", name: "search_notes", plugin: "notes", id: "call_1", status: "running" },
    arguments: '{"query":"launch","limit":3}',
  },
  {
    ...{ type: "tool", name: "search_notes", plugin: "notes", id: "call_1", status: "done" },
    result: HOSTILE_RESULT,
  },
  { type: "token", text: "\n\nThe launch is on **Friday**. I would write that down for everybody." },
  { type: "approval", id: "call_2", plugin: "notes", tool: "write_note", arguments: JSON.stringify(NOTE) },
  { type: "token", text: "[This needs your consent: a call of write_note of notes.]" },
  ...DONE,
];

/** What follows the user's word on it. */
export function goesOn(approve: boolean): readonly NativeEvent[] {
  const call = { type: "tool", name: "write_note", plugin: "notes", id: "call_2" } as const;
  return [
    { ...call, status: "running", arguments: JSON.stringify(NOTE) },
    approve
      ? { ...call, status: "done", result: '{"id":8,"written":true}' }
      : { ...call, status: "failed", result: "The user did not allow this call." },
    BACKEND,
    { type: "token", text: approve ? "Written: *Launch*." : "I have not written it." },
    ...DONE,
  ];
}

/** The plan of a run, and what comes of it: two steps side by side, one of which calls a tool; a third one fails. */
export const PLAN: readonly AgentEvent[] = [
  { type: "step", index: 0, title: "Find what jitter is for, and who writes about it" },
  { type: "step", index: 1, title: "Measure a retry with and without jitter" },
  { type: "step", index: 2, title: "Ask the operators of three services" },
];
export const AT_WORK: readonly AgentEvent[] = [
  {
    ...{ type: "tool", index: 0, name: "web_search", id: "a", status: "running" },
    arguments: '{"query":"exponential backoff jitter"}',
  },
  {
    type: "token",
    index: 1,
    text: "A thousand clients retry after a failure.\n\n| pause | at once |\n|---|---:|\n",
  },
  { type: "token", index: 1, text: "| fixed | 1,000 |\n| full jitter | 10 |\n" },
  { ...{ type: "tool", index: 0, name: "web_search", id: "a", status: "done" }, result: "5 results" },
  {
    type: "token",
    index: 0,
    text: "Jitter spreads the retries of many clients, so that **they do not come back",
  },
];
export const WORKED: readonly AgentEvent[] = [
  { type: "token", index: 0, text: " together**." },
  {
    ...{ type: "step_done", index: 0 },
    output: "Jitter spreads the retries of many clients, so that **they do not come back together**.",
  },
  {
    ...{ type: "step_done", index: 2, output: "" },
    error: { code: "timeout", message: "It took more than 60 s." },
  },
  {
    ...{ type: "step_done", index: 1 },
    output:
      "A thousand clients retry after a failure.\n\n| pause | at once |\n|---|---:|\n| fixed | 1,000 |\n| full jitter | 10 |\n",
  },
];
export const SUMMARY =
  "Retries need **jitter**: without it, all clients come back in the same instant. Measured, it turns a wave of 1,000 into 10 at a time. The operators could not be asked.";
export const SUMMED_UP: readonly AgentEvent[] = [
  { type: "token", index: null, text: SUMMARY },
  { type: "usage", promptTokens: 4_210, completionTokens: 960, cachedTokens: 0, costUsd: 0.0031 },
  { type: "done", summary: SUMMARY },
];
