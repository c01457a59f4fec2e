import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { chatCompletions } from "#lib/apis/chat-completions/read.ts";
import type { CompletionApi } from "#lib/apis/completion-api.ts";
import { messages } from "#lib/apis/messages/read.ts";
import { responses } from "#lib/apis/responses/read.ts";
import type { ChatMessage, ContentPart } from "#lib/chat/request.ts";
import { textOfPerson } from "#lib/router/harness-text.ts";
import { personMessages } from "#lib/router/person-text.ts";
import { expectLinear } from "../support/linear.ts";

const FOLDER = new URL("../fixtures/clients/", import.meta.url);
const APIS: Readonly<Record<string, CompletionApi>> = {
  v1_chat_completions: chatCompletions as CompletionApi,
  groq_openai_v1_chat_completions: chatCompletions as CompletionApi,
  v1_messages: messages as CompletionApi,
  v1_messages_count_tokens: messages as CompletionApi,
  v1_responses: responses as CompletionApi,
};

/** What the person wrote in each recording that does not only say "hi". */
const WRITTEN: Readonly<Record<string, readonly string[]>> = {
  "claude-code-001": ["run echo"],
  "claude-code-002": ["run echo"],
  "codex-001": ["run echo"],
  "codex-002": ["run echo"],
  "codex-003": ["Create hello.txt"],
  "langchain-openai-009": ["answer in json"],
  "langchain-openai-010": ["u"],
  "openai-sdk-012": ["what?"],
  // A request for a title: the conversation that it is about.
  "opencode-001": ['"run echo"'],
  "opencode-002": ['"run echo"'],
  "opencode-003": ['"run echo"'],
  "pi-001": ["run echo"],
  "pi-002": ["run echo"],
  "qwen-code-001": ["run echo"],
  "qwen-code-002": ["run echo"],
};

describe("the recorded requests of real clients", () => {
  const recorded = readdirSync(FOLDER).flatMap((file) => {
    const [, name = "", path = ""] = /^(.*)-(?:GET|POST)-(.*)\.json$/.exec(file) ?? [];
    const api = APIS[path];
    // A thread that is stored elsewhere: no request that is answered.
    return api === undefined || name === "anthropic-sdk-005" ? [] : [{ name, file, api }];
  });

  test("are many", () => expect(recorded.length).toBeGreaterThan(70));

  test.each(recorded)("$name", ({ name, file, api }) => {
    const { body } = JSON.parse(readFileSync(new URL(file, FOLDER), "utf8")) as { body: unknown };
    const { chat } = api.read(api.schema.parse(body), new Headers());
    expect(personMessages(chat).map(({ text }) => text)).toEqual(WRITTEN[name] ?? ["hi"]);
    expect(personMessages(chat).some(({ hasImage }) => hasImage)).toBe(name === "openai-sdk-012");
  });
});

const REMINDER = "<system-reminder>\nAs you answer, use this:\n```ts\nconst a = 1;\n```\n</system-reminder>";
const ENVIRONMENT =
  "<environment_details>\n# VSCode Visible Files\nsrc/a.ts\n\n# Current Mode\n<slug>code</slug>\n</environment_details>";
const AGENTS =
  "# AGENTS.md instructions for /home/me/project\n\n<INSTRUCTIONS>\nRun `npm test`.\n</INSTRUCTIONS>";

/** The parts of a message, and what of it a person wrote. */
const WRAPPED: readonly (readonly [client: string, parts: readonly string[], person: string])[] = [
  ["Claude Code: reminders before", [REMINDER, REMINDER, "What is a monad?"], "What is a monad?"],
  ["Claude Code: a reminder behind", [`What is a monad?\n${REMINDER}`], "What is a monad?"],
  [
    "Claude Code: a slash command with what was written behind it",
    [
      "<command-name>/ask</command-name>\n            <command-message>ask</command-message>\n            <command-args>who won?</command-args>",
    ],
    "who won?",
  ],
  [
    "Claude Code: what was opened and selected",
    [
      "<ide_opened_file>The user opened a.py</ide_opened_file>",
      "<ide_selection>def f(): pass</ide_selection>",
      "explain",
    ],
    "explain",
  ],
  [
    "Claude Code: after an interruption",
    ["[Request interrupted by user]", "stop, rather draft a mail"],
    "stop, rather draft a mail",
  ],
  [
    "Claude Code: a hook",
    ["plan my week", "<user-prompt-submit-hook>ok</user-prompt-submit-hook>"],
    "plan my week",
  ],
  [
    "Codex: its IDE",
    ["# Context from my IDE setup:\n\n## Active file: a.py\n\n## My request for Codex:\nwhy is it slow?\n"],
    "why is it slow?",
  ],
  [
    "Codex: an image by name",
    ["<image name=[Image #1]>", "what is this?", "</image>"],
    "<image name=[Image #1]>\nwhat is this?\n</image>",
  ],
  [
    "Cline: the task",
    [`<task>\nwrite a haiku\n</task>\n\n# task_progress RECOMMENDED\n\nkeep a list`, ENVIRONMENT],
    "write a haiku",
  ],
  ["Cline: in one part", [`<task>write a haiku</task>${ENVIRONMENT}`], "write a haiku"],
  [
    "Cline: feedback on a result",
    [
      "[attempt_completion] Result:",
      "The user has provided feedback on the results.\n<feedback>\nmake it rhyme\n</feedback>",
      ENVIRONMENT,
    ],
    "make it rhyme",
  ],
  [
    "Roo Code: an answer",
    ["[ask_followup_question for 'which?'] Result:", "<answer>\nthe second\n</answer>"],
    "the second",
  ],
  ["Roo Code: a message", ["<user_message>\nand in French?\n</user_message>", ENVIRONMENT], "and in French?"],
  [
    "Kilo Code: an unknown block of details",
    ["hello", "<workspace_details>\nfiles\n</workspace_details>"],
    "hello",
  ],
  [
    "Cursor",
    ["<additional_data>\nBelow are some files\n</additional_data>\n\n<user_query>\nrename it\n</user_query>"],
    "rename it",
  ],
  [
    "Cursor: on one line",
    ["<timestamp>Monday</timestamp><user_query>Real question</user_query>"],
    "Real question",
  ],
  ["Cursor: a reminder", ["<system_reminder>\nx\n</system_reminder>\n<user_query>go</user_query>"], "go"],
  [
    "Copilot",
    [
      "<context>\nThe date is …\n</context>\n<editorContext>\nfile\n</editorContext>\n<userRequest>\nfix the test\n</userRequest>",
    ],
    "fix the test",
  ],
  [
    "Windsurf",
    ["<USER_REQUEST>\nadd a button\n</USER_REQUEST>\n<ADDITIONAL_METADATA>\nfiles\n</ADDITIONAL_METADATA>"],
    "add a button",
  ],
  [
    "Gemini CLI: files",
    [
      "summarize @a.md\n--- Content from referenced files ---\nContent from @a.md:\nx\n--- End of content ---",
    ],
    "summarize @a.md",
  ],
  [
    "Aider: its rules behind",
    ["make it faster\n\n# *SEARCH/REPLACE block* Rules:\n\nEvery block …"],
    "make it faster",
  ],
  [
    "a retrieval template",
    [
      "### Task:\nRespond with the context.\n<context>\nfacts\n</context>\n\n<user_query>\nwho?\n</user_query>",
    ],
    "who?",
  ],
  [
    "a prompt that names its data",
    ["<customer_review>\nBad.\n</customer_review>\nTranslate this."],
    "Translate this.",
  ],
  [
    "Cherry Studio: what its search has found",
    [
      "Please answer the question based on the reference materials\n\n## My question is:\n\nwho won?\n\n## Reference Materials:\n\n```json\n[{}]\n```\n\nPlease respond in the same language as the user's question.\n",
    ],
    "who won?",
  ],
  [
    "LobeChat: files",
    [
      "Draft a reply\n\n<!-- SYSTEM CONTEXT (NOT PART OF USER QUERY) -->\n<context.instruction>the rules</context.instruction>\n<files_info>\n<file>\nimport a from 'a';\n</file>\n</files_info>\n<!-- END SYSTEM CONTEXT -->",
    ],
    "Draft a reply",
  ],
  [
    "Zed: files",
    [
      "Draft a mail\n<context>\nThe following items were attached by the user. They are up-to-date and don't need to be re-read.\n\n<files>\n```rs a.rs\nfn main() {}\n```\n</files>\n</context>\n",
    ],
    "Draft a mail",
  ],
  [
    "opencode: files",
    [
      "Draft a mail",
      'Called the Read tool with the following input: {"filePath":"/a.ts"}',
      "<file>\n00001| import a from 'a';\n</file>",
    ],
    "Draft a mail",
  ],
  [
    "opencode: files, newer",
    [
      "Draft a mail",
      'Called the Read tool with the following input: {"filePath":"/a.ts"}',
      "<path>/a.ts</path>\n<type>file</type>\n<content>\n1: import a from 'a';\n</content>",
    ],
    "Draft a mail",
  ],
  ["only a context", ["<context>\nBad.\n</context>"], "Bad."],
  ["only data", ["<customer_review>\nBad.\n</customer_review>"], "Bad."],
  // What looks like it and is not.
  [
    "a prompt that shows the form of its answer",
    ["How many primes are below 100? End with:\n<answer>X</answer>"],
    "How many primes are below 100? End with:\n<answer>X</answer>",
  ],
  [
    "a prompt in tags of its own",
    ["<instructions>\nSummarise the text.\n</instructions>\n<text>\nOnce upon a time\n</text>"],
    "<instructions>\nSummarise the text.\n</instructions>\n<text>\nOnce upon a time\n</text>",
  ],
  [
    "HTML",
    ['Why is this not centred?\n<div class="a">\n<my-card>x</my-card>\n</div>'],
    'Why is this not centred?\n<div class="a">\n<my-card>x</my-card>\n</div>',
  ],
  [
    "a tag within a sentence",
    ["What does <system-reminder> mean in Claude Code?"],
    "What does <system-reminder> mean in Claude Code?",
  ],
  ["a generic type", ["List<task> is not assignable"], "List<task> is not assignable"],
  ["a heading of one's own", ["# Instructions\nWrite a poem."], "# Instructions\nWrite a poem."],
  ["continue, in a person's words", ["continue"], "continue"],
];

describe("what a program puts around a person's words is left out", () => {
  test.each(WRAPPED)("%s", (_, parts, person) => {
    expect(textOfPerson(parts)).toBe(person);
  });
});

/** Messages in the person's name that no person wrote. */
const AUTOMATED: readonly (readonly [client: string, parts: readonly string[]])[] = [
  [
    "Claude Code: a summary of before",
    ["This session is being continued from a previous conversation that ran out of context. …"],
  ],
  ["Claude Code: output of a command", ["<local-command-stdout>ok</local-command-stdout>"]],
  ["Claude Code: a background task", ["<task-notification>\n<task-id>1</task-id>\n</task-notification>"]],
  ["Codex: its environment", ["<environment_context>\n  <cwd>/home</cwd>\n</environment_context>"]],
  ["Codex: its environment, cut", ["<environment_context>\n  …[361 chars]"]],
  ["Codex: AGENTS.md", [AGENTS]],
  ["Codex: instructions of the user's file", ["<user_instructions>\n\nBe brief.\n\n</user_instructions>"]],
  ["Codex: a turn that was aborted", ["<turn_aborted>\nThe user interrupted\n</turn_aborted>"]],
  [
    "Cline: no tool",
    [
      "[ERROR] You did not use a tool in your previous response! Please retry with a tool use.\n\n# Reminder: Instructions for Tool Use",
      ENVIRONMENT,
    ],
  ],
  ["Cline: results", ["[read_file for 'src/a.ts'] Result:", "write a poem about this file", ENVIRONMENT]],
  ["Cline: a resumption", ["[TASK RESUMPTION] This task was interrupted 5 minutes ago.", ENVIRONMENT]],
  [
    "opencode: go on",
    ["Continue if you have next steps, or stop and ask for clarification if you are unsure how to proceed."],
  ],
  [
    "Qwen Code: its setting",
    ["This is the Qwen Code. We are setting up the context for our chat.\nToday is Monday."],
  ],
  [
    "Aider: files",
    ["I have *added these files to the chat* so you can go ahead and edit them.\n\na.py\n```\nx = 1\n```"],
  ],
  ["OpenHands: a result", ["EXECUTION RESULT of [bash]:\nok"]],
  [
    "Claude Code: a compaction",
    [
      "CRITICAL: Respond with TEXT ONLY. Do NOT call any tools.\n\n- Do NOT use Read, Bash, or ANY other tool.\n\nYour task is to create a detailed summary of the conversation so far.\n<example>\n```ts\nconst a = 1;\n```\n</example>",
    ],
  ],
  [
    "Claude Code: what one might ask next",
    ["[SUGGESTION MODE: Suggest what the user might naturally type next into Claude Code.]\n\nFIRST: …"],
  ],
  ["Claude Code: a recap", ["The user stepped away and is coming back. Recap in under 40 words."]],
  ["Claude Code: a hook at the end", ["Stop hook feedback:\n- [npm test]: TypeError: no\n"]],
  ["Claude Code: a notification", ["[SYSTEM NOTIFICATION - NOT USER INPUT]\nTask done."]],
  [
    "Codex: a compaction",
    [
      "You are performing a CONTEXT CHECKPOINT COMPACTION. Create a handoff summary for another LLM that will resume the task.",
    ],
  ],
  [
    "opencode: a compaction",
    ["Provide a detailed prompt for continuing our conversation above.\nFocus on …"],
  ],
  [
    "opencode, earlier: a compaction",
    ["Provide a detailed but concise summary of our conversation above. Focus on …"],
  ],
  ["opencode: what stands before a summary", ["What did we do so far?"]],
  ["opencode: a command", ["The following tool was executed by the user"]],
  ["Crush: a compaction", ["Provide a detailed summary of our conversation above.\n\n## Current Todo List"]],
  ["Roo Code: a compaction", ["Summarize the conversation so far, as described in the prompt instructions."]],
  [
    "Copilot: a compaction",
    ["Summarize the conversation history so far, paying special attention to the most recent commands"],
  ],
  ["Gemini CLI: a compaction", ["First, reason in your scratchpad. Then, generate the <state_snapshot>."]],
  [
    "Gemini CLI: another compaction",
    [
      "A previous <state_snapshot> exists in the history. You MUST integrate it.\n\nFirst, reason in your scratchpad.",
    ],
  ],
  [
    "Gemini CLI: who is next",
    ["Analyze *only* the content and structure of your immediately preceding response (your last turn)."],
  ],
  ["Gemini CLI: a loop", ["System: Potential loop detected. Details: …"]],
  ["Hermes: a result", ["<tool_response>\n{}\n</tool_response>"]],
  ["ReAct", ["Observation: 20 C"]],
];

describe("a message that no person wrote is none", () => {
  test.each(AUTOMATED)("%s", (_, parts) => {
    const content: ContentPart[] = parts.map((text) => ({ type: "text", text }));
    const conversation: ChatMessage[] = [
      { role: "user", content: "the wish" },
      { role: "assistant", parts: [{ type: "text", text: "…" }] },
      { role: "user", content },
    ];
    expect(personMessages({ messages: conversation })).toEqual([{ text: "the wish", hasImage: false }]);
  });
});

describe("behind a compaction", () => {
  const summary = (messages: string) =>
    `This session is being continued from a previous conversation that ran out of context.\n\nSummary:\n1. Primary Request and Intent:\n   Traceback (most recent call last)\n\n${messages}\n7. Pending Tasks:\n   - None\n`;
  const LISTED = '6. All user messages:\n   - "write a haiku"\n   - "make it rhyme\n     and longer"\n\n';
  const found = (...texts: string[]) =>
    personMessages({ messages: texts.map((content) => ({ role: "user", content })) }).map(({ text }) => text);

  test("what the person wrote before it is still known", () => {
    expect(found(summary(LISTED))).toEqual(["write a haiku", "make it rhyme\n     and longer"]);
    expect(found(summary(LISTED), "and a title")).toEqual([
      "write a haiku",
      "make it rhyme\n     and longer",
      "and a title",
    ]);
    expect(found(summary(LISTED.replace("6. All user messages:", "6. **All user messages:**")))).toHaveLength(
      2,
    );
  });

  test("a summary without them says nothing", () => {
    expect(found(summary(""))).toEqual([]);
    expect(found(summary("6. All user messages:\n\n"))).toEqual([]);
  });

  test("the newest ten are read", () => {
    const many = Array.from({ length: 100 }, (_, n) => `   - "${n}"\n`).join("");
    expect(found(summary(`6. All user messages:\n${many}`), "a", "b")).toEqual([
      "92",
      "93",
      "94",
      "95",
      "96",
      "97",
      "98",
      "99",
      "a",
      "b",
    ]);
  });

  test.each(["6. All user messages:\n", "   - x\n", " ", "\n7. "])("takes no time for %j", (text) => {
    expectLinear(100_000, (size) => {
      const messages = [
        { role: "user" as const, content: summary(LISTED + text.repeat(size / text.length)) },
      ];
      return () => void personMessages({ messages });
    });
  });
});

describe("images", () => {
  const image: ContentPart = { type: "image", url: "data:image/png;base64,AAAA" };
  const found = (...conversation: ChatMessage[]) => personMessages({ messages: conversation });

  test("with the person's words, or alone", () => {
    expect(found({ role: "user", content: [image, { type: "text", text: "this?" }] })).toEqual([
      { text: "this?", hasImage: true },
    ]);
    expect(found({ role: "user", content: [{ type: "text", text: REMINDER }, image] })).toEqual([
      { text: "", hasImage: true },
    ]);
  });

  test("of a tool are not the person's", () => {
    const result: ChatMessage = { role: "tool", toolCallId: "1", content: [image] };
    const extra: ContentPart = { type: "text", text: "Attached image(s) from tool result:" };
    expect(found({ role: "user", content: "look" }, result)).toEqual([{ text: "look", hasImage: false }]);
    expect(found(result, { role: "user", content: [image] })).toEqual([]);
    expect(found(result, { role: "user", content: [extra, image] })).toEqual([]);
    expect(
      found({ role: "user", content: [{ type: "text", text: "[browser_action] Result:" }, image] }),
    ).toEqual([]);
  });
});

describe("a body of 25 MB stops nothing else", () => {
  const SIZE = 25_000_000;
  const PART = 64_000;
  const parts = (text: string, count: number): ContentPart[] =>
    Array.from({ length: count }, () => ({ type: "text", text: text.repeat(PART / text.length) }));
  const users = (count: number, content: string | ContentPart[]): ChatMessage[] =>
    Array.from({ length: count }, () => ({ role: "user", content }));
  const SHAPES: readonly [string, (text: string) => ChatMessage[]][] = [
    ["one message", (text) => users(1, text.repeat(SIZE / text.length))],
    ["ten messages", (text) => users(10, text.repeat(SIZE / 10 / text.length))],
    ["two hundred parts", (text) => users(1, parts(text, 200))],
    ["ten messages of many parts", (text) => users(10, parts(text, 39))],
    ["many small messages", (text) => users(50_000, text.repeat(Math.ceil(500 / text.length)))],
  ];
  const TEXTS = [
    "a ",
    " ",
    "\n",
    "\n<a_b>",
    "<a_b></a_b>",
    "<task>",
    "<system-reminder>x</system-reminder>\n",
    "```\n",
  ];

  test.each(SHAPES)("%s", (_, make) => {
    for (const text of TEXTS) {
      const messages = make(text);
      let fastest = Number.POSITIVE_INFINITY;
      let found = personMessages({ messages });
      for (let round = 0; round < 3; round++) {
        const from = performance.now();
        found = personMessages({ messages });
        fastest = Math.min(fastest, performance.now() - from);
      }
      expect(fastest, text).toBeLessThan(500);
      expect(found.map((one) => one.text).join("").length).toBeLessThan(1_000_000);
    }
  });

  test("the task of an agent is found behind any number of reports", () => {
    const report = `[read_file for 'a.ts'] Result:\n${"const a = 1;\n".repeat(5_000)}`;
    const rounds = users(400, [
      { type: "text", text: report },
      { type: "text", text: `<environment_details>\n${"a file\n".repeat(1_000)}</environment_details>` },
    ]);
    const messages: ChatMessage[] = [{ role: "user", content: "<task>write a haiku</task>" }, ...rounds];
    expect(personMessages({ messages })).toEqual([{ text: "write a haiku", hasImage: false }]);
  });
});

test("only the newest ten messages are read", () => {
  const many: ChatMessage[] = Array.from({ length: 1_000 }, (_, n) => ({ role: "user", content: `${n}` }));
  const texts = personMessages({ messages: many }).map(({ text }) => text);
  expect(texts).toEqual(["990", "991", "992", "993", "994", "995", "996", "997", "998", "999"]);
});

describe("a block of megabytes", () => {
  const block = (size: number) =>
    `<environment_details>\n${"a file\n".repeat(size / 7)}</environment_details>`;

  test.each([
    ["before the words", (long: string) => `${long}\nwrite a haiku`],
    ["behind the words", (long: string) => `write a haiku\n${long}`],
    ["around the words", (long: string) => `${long}\nwrite a haiku\n${long}`],
    ["behind a task", (long: string) => `<task>\nwrite a haiku\n</task>\n${long}`],
  ])("%s", (_, wrap) => {
    for (const size of [1_000, 40_000, 100_000, 25_000_000]) {
      expect(textOfPerson([wrap(block(size))])).toBe("write a haiku");
    }
  });

  test.each([
    ["spaces", " "],
    ["digits", "7"],
    ["letters", "a "],
    ["openings that nothing closes", "\n<task>"],
    ["openings of the program's", "\n<system-reminder>"],
    ["openings of unknown names", "\n<a_b>"],
    ["closings", "</system-reminder>"],
    ["many names", "\n<a_b_"],
    ["headings", "## My request for Codex:\n"],
    ["results", "[read_file for '"],
    ["lines of a delimiter", "--- Content from referenced files ---\n"],
  ])("takes no time for %s", (_, text) => {
    const parts = (size: number) => [text.repeat(size / text.length)];
    const from = performance.now();
    textOfPerson(parts(100_000));
    expect(performance.now() - from).toBeLessThan(50);
    expectLinear(100_000, (size) => {
      const read = parts(size);
      return () => void textOfPerson(read);
    });
  });
});
