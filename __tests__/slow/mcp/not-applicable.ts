/** A scenario of the conformance suite that the gateway's MCP server does not pass, and why it need not. */
export type NotApplicable = { scenario: string; worst: "FAILURE" | "WARNING"; reason: string };

const ASKS_THE_CLIENT =
  "In this era a server asks the client by a request of its own, which needs a session. No tool of the gateway " +
  "asks for anything, and the server keeps no sessions, so that any process can answer any request.";
const RESUMES_STREAMS =
  "Without sessions there is no stream to resume: a call whose connection breaks is made again.";
const TASKS = "An extension that the revision does not require. The gateway's tools answer within a minute.";

/** By revision. All others have to pass. */
export const NOT_APPLICABLE: Readonly<Record<string, readonly NotApplicable[]>> = {
  "2025-11-25": [
    { scenario: "tools-call-sampling", worst: "FAILURE", reason: ASKS_THE_CLIENT },
    { scenario: "tools-call-elicitation", worst: "FAILURE", reason: ASKS_THE_CLIENT },
    { scenario: "elicitation-sep1034-defaults", worst: "FAILURE", reason: ASKS_THE_CLIENT },
    { scenario: "elicitation-sep1330-enums", worst: "FAILURE", reason: ASKS_THE_CLIENT },
    { scenario: "server-sse-multiple-streams", worst: "WARNING", reason: RESUMES_STREAMS },
    { scenario: "server-sse-polling", worst: "WARNING", reason: RESUMES_STREAMS },
  ],
  "2026-07-28": [
    "tasks-lifecycle",
    "tasks-capability-negotiation",
    "tasks-wire-fields",
    "tasks-request-state-removal",
    "tasks-mrtr-input",
    "tasks-request-headers",
    "tasks-dispatch-and-envelope",
    "tasks-required-task-error",
    "tasks-mrtr-composition",
  ].map((scenario) => ({ scenario, worst: "FAILURE", reason: TASKS })),
};
