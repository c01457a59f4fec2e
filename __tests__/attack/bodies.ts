const MEGABYTE = 1024 * 1024;
/** Just under what the routes take. */
const FULL = 24 * MEGABYTE;

/** A request that would like to cost a lot; made when it is wanted, since it is large. */
export type HostileBody = {
  name: string;
  path: string;
  /** What the gateway should answer: refused, or served as any other. */
  expected: "refused" | "served" | "either";
  make(): Buffer;
};

const CHAT = "/api/v1/chat/completions";
const RESPONSES = "/api/v1/responses";
const MESSAGES = "/api/v1/messages";
const COUNT = "/api/v1/messages/count_tokens";
const EMBEDDINGS = "/api/v1/embeddings";
const NATIVE = "/api/ai-chat";
const PLUGIN = "/api/v1/plugins/invoke";

const list = (count: number, item: (index: number) => string): string => {
  const items = new Array<string>(count);
  for (let index = 0; index < count; index++) items[index] = item(index);
  return items.join(",");
};
const fill = (piece: string, bytes = FULL): string =>
  piece.repeat(Math.floor(bytes / Buffer.byteLength(piece)));

const chat = (rest: string): string =>
  `{"model":"smart","messages":[{"role":"user","content":"hi"}],${rest}}`;
const chatOf = (messages: string): string => `{"model":"smart","messages":[${messages}]}`;
const user = (content: string): string => `{"role":"user","content":${content}}`;
const anthropic = (messages: string, rest = ""): string =>
  `{"model":"smart","max_tokens":10,"messages":[${messages}]${rest}}`;
const native = (message: string, rest = ""): string => `{"model":"smart","message":${message}${rest}}`;
const autoOf = (messages: string): string => `{"model":"auto","messages":[${messages}]}`;
const nativeAuto = (history: string): string => `{"model":"auto","message":"hi","history":[${history}]}`;
const part = (text: string): string => `{"type":"text","text":"${text}"}`;
const tool = (name: string, schema: string): string =>
  `{"type":"function","function":{"name":"${name}","parameters":${schema}}}`;
const call = (id: string, args: string): string =>
  `{"role":"assistant","content":null,"tool_calls":[{"id":"${id}","type":"function",` +
  `"function":{"name":"f","arguments":${JSON.stringify(args)}}}]},` +
  `{"role":"tool","tool_call_id":"${id}","content":${JSON.stringify(args)}}`;
const invocation = (body: string, path = "/x"): string =>
  `{"plugin":"nobody","path":"${path}","body":${body}}`;
const token = (value: object): string =>
  `sarmalink.${Buffer.from(JSON.stringify({ issuer: "x", value })).toString("base64url")}`;
const property = (index: number): string => `"property_${index}":{}`;

type Row = [name: string, path: string, expected: HostileBody["expected"], text: () => string];

const ROWS: readonly Row[] = [
  // Structure without end.
  ["1.7 million unknown keys", CHAT, "refused", () => chat(list(1_700_000, (i) => `"key${i}":1`))],
  ["12 million tiny values", CHAT, "refused", () => chat(`"x":[${fill("1,")}1]`)],
  ["8 million empty objects", CHAT, "refused", () => chat(`"x":[${fill("{},")}{}]`)],
  ["4 million objects with one key", CHAT, "refused", () => chat(`"x":[${fill('{"":0},')}{}]`)],
  ["8 million empty strings", CHAT, "refused", () => chat(`"x":[${fill('"",')}""]`)],
  [
    "brackets 12 million deep",
    CHAT,
    "refused",
    () => chat(`"x":${"[".repeat(FULL / 2)}${"]".repeat(FULL / 2)}`),
  ],
  ["brackets that never close", CHAT, "refused", () => chat(`"x":${"[".repeat(FULL)}`)],
  ["objects 4 million deep", CHAT, "refused", () => chat(`"x":${fill('{"a":')}1`)],
  [
    "a tool schema of 700,000 properties",
    CHAT,
    "refused",
    () => chat(`"tools":[${tool("f", `{"type":"object","properties":{${list(700_000, property)}}}`)}]`),
  ],
  ["a million parts", CHAT, "refused", () => chatOf(user(`[${fill('{"type":"text","text":""},')}""]`))],
  ["300,000 messages", CHAT, "refused", () => chatOf(list(300_000, () => user('"a"')))],
  ["a million wrong parts", MESSAGES, "refused", () => anthropic(user(`[${fill('{"type":1},')}1]`))],
  ["12 million tokens to embed", EMBEDDINGS, "refused", () => `{"model":"m","input":[${fill("1,")}1]}`],
  [
    "1.7 million unknown keys",
    NATIVE,
    "refused",
    () => native('"hi"', `,${list(1_700_000, (i) => `"key${i}":1`)}`),
  ],
  ["3 million history entries", NATIVE, "refused", () => native('"hi"', `,"history":[${fill("null,")}null]`)],

  // Just within the limits.
  ["200,000 objects of an unknown field", CHAT, "either", () => chat(`"x":[${list(199_000, () => "{}")}]`)],
  [
    "47,000 different keys",
    CHAT,
    "either",
    () => chat(`"x":[${list(19, (o) => `{${list(2_450, (i) => `"k${o}_${i}":${i}`)}}`)}]`),
  ],
  [
    "tool schemas of 47,000 properties",
    CHAT,
    "either",
    () =>
      chat(
        `"tools":[${list(19, (o) => tool(`f${o}`, `{"type":"object","properties":{${list(2_450, (i) => `"k${o}_${i}":{}`)}}}`))}]`,
      ),
  ],
  [
    "700 tools whose schemas refer to each other",
    CHAT,
    "either",
    () => {
      const definitions = list(
        12,
        (i) => `"d${i}":{"allOf":[{"$ref":"#/$defs/d${i + 1}"},{"$ref":"#/$defs/d${i + 1}"}]}`,
      );
      const schema = `{"type":"object","properties":{"a":{"$ref":"#/$defs/d0"}},"$defs":{${definitions},"d12":{"properties":{"b":{},"c":{}}}}}`;
      return chat(`"tools":[${list(700, (i) => tool(`f${i}`, schema))}]`);
    },
  ],
  [
    "a schema of 5,000 parts to be joined",
    CHAT,
    "either",
    () =>
      chat(
        `"tools":[${tool("f", `{"allOf":[${list(5_000, (i) => `{"properties":{${list(5, (j) => `"p${i}_${j}":{}`)}}}`)}]}`)}]`,
      ),
  ],
  [
    "references to one schema of 2,000 properties",
    CHAT,
    "either",
    () =>
      chat(
        `"tools":[${tool("f", `{"properties":{${list(2_000, (i) => `"a${i}":{"allOf":[{"$ref":"#/$defs/x"},{"$ref":"#/$defs/x"}]}`)}},"$defs":{"x":{"properties":{${list(2_000, (i) => `"b${i}":{}`)}}}}}`)}]`,
      ),
  ],
  [
    "references of a megabyte",
    CHAT,
    "either",
    () =>
      chat(
        `"tools":[${list(20, (i) => tool(`f${i}`, `{"properties":{"a":{"$ref":"#/${"a/".repeat(500_000)}"}}}`))}]`,
      ),
  ],
  [
    "schemas 190 levels deep",
    CHAT,
    "either",
    () =>
      chat(
        `"tools":[${list(100, (o) => tool(`f${o}`, `{"type":"object","properties":${'{"a":{"properties":'.repeat(90)}{}${"}}".repeat(90)}}`))}]`,
      ),
  ],
  [
    "5,000 messages of several parts",
    CHAT,
    "either",
    () => chatOf(list(5_000, () => user(`[${list(4, () => '{"type":"text","text":"a"}')}]`))),
  ],
  [
    "25,000 blocks",
    MESSAGES,
    "either",
    () => anthropic(list(25, () => user(`[${list(1_000, () => '{"type":"text","text":"a"}')}]`))),
  ],
  [
    "100,000 tokens to embed",
    EMBEDDINGS,
    "either",
    () => `{"model":"own/e","input":[${list(1, () => `[${list(100_000, String)}]`)}]}`,
  ],
  [
    "10,000 items",
    RESPONSES,
    "either",
    () =>
      `{"model":"smart","input":[${list(9_999, () => '{"type":"message","role":"user","content":[{"type":"input_text","text":"a"}]}')}]}`,
  ],

  // To the router, which reads what a person wrote.
  [
    "ten messages of an agent's blocks",
    CHAT,
    "either",
    () => autoOf(list(10, () => user(`"${fill("<system-reminder>x</system-reminder>", FULL / 10)}"`))),
  ],
  [
    "ten messages of fences",
    CHAT,
    "either",
    () => autoOf(list(10, () => user(`"${fill("\\n```", FULL / 10)}"`))),
  ],
  [
    "400 parts of openings",
    CHAT,
    "either",
    () => autoOf(user(`[${list(400, () => part(fill("\\n<a_b>", FULL / 400)))}]`)),
  ],
  [
    "50,000 messages of spaces",
    CHAT,
    "either",
    () => autoOf(list(50_000, () => user(`"${" ".repeat(400)}"`))),
  ],
  [
    "a history of fences",
    NATIVE,
    "either",
    () => nativeAuto(list(100, () => user(`"${fill("\\n```", 190_000)}"`))),
  ],

  // To plugins, which take 1 MB.
  ["24 MB", PLUGIN, "refused", () => invocation(`"${fill("x")}"`)],
  ["400,000 brackets deep", PLUGIN, "refused", () => invocation("[".repeat(400_000) + "]".repeat(400_000))],
  ["100,000 unknown keys", PLUGIN, "refused", () => invocation(`{${list(100_000, (i) => `"k${i}":1`)}}`)],
  ["a path of 900 KB", PLUGIN, "refused", () => invocation("1", fill("..%2f", 900_000))],

  // JSON within strings.
  [
    "arguments of 3 million keys",
    CHAT,
    "either",
    () =>
      chatOf(`${user('"hi"')},${call("a", `{${list(1_000_000, (i) => `"k${i}":1`)}}`)},${user('"go on"')}`),
  ],
  [
    "1,400 arguments of 4,000 values",
    CHAT,
    "either",
    () =>
      chatOf(
        `${user('"hi"')},${list(1_400, (i) => call(`c${i}`, `{"a":[${list(4_000, () => "1")}]}`))},${user('"go on"')}`,
      ),
  ],
  [
    "100 calls with 900 new keys in their results",
    MESSAGES,
    "either",
    () =>
      anthropic(
        `${user('"hi"')},${list(100, (o) => `{"role":"assistant","content":[{"type":"tool_use","id":"t${o}","name":"f","input":{${list(90, (i) => `"k${o}_${i}":1`)}}}]},${user(`[{"type":"tool_result","tool_use_id":"t${o}","content":${JSON.stringify(`{${list(900, (i) => `"r${o}_${i}":1`)}}`)}}]`)}`)}`,
      ),
  ],
  [
    "9,000 signatures full of values",
    CHAT,
    "either",
    () =>
      chatOf(
        `${user('"hi"')},${list(900, (o) => `{"role":"assistant","content":"a","tool_calls":[{"id":"c${o}","type":"function","function":{"name":"f","arguments":"{}"},"extra_content":{"sarmalink":{"signature":"${token({ a: new Array(6_000).fill(1) })}"}}}]},{"role":"tool","tool_call_id":"c${o}","content":"x"}`)},${user('"go on"')}`,
      ),
  ],

  // Long strings, for whoever walks over them.
  ["24 MB of one letter", CHAT, "served", () => chatOf(user(`"${fill("a")}"`))],
  ["24 MB of white space", CHAT, "served", () => chatOf(user(`"x${fill(" ")}"`))],
  ["24 MB of escapes", CHAT, "served", () => chatOf(user(`"${fill("\\u00e9")}"`))],
  ["24 MB of escaped quotes", CHAT, "served", () => chatOf(user(`"${fill('\\"')}"`))],
  ["24 MB of backslashes", CHAT, "served", () => chatOf(user(`"${fill("\\\\")}"`))],
  ["24 MB of halves of characters", CHAT, "served", () => chatOf(user(`"${fill("\\ud83d")}"`))],
  ["24 MB of Chinese", CHAT, "served", () => chatOf(user(`"${fill("龍")}"`))],
  ["24 MB of emoji", MESSAGES, "served", () => anthropic(user(`"${fill("😀")}"`))],
  [
    "24 MB of invisible characters",
    RESPONSES,
    "served",
    () => `{"model":"smart","input":"x${fill("\u200b")}"}`,
  ],
  ["24 MB of line ends", MESSAGES, "served", () => anthropic(user(`"x${fill("\\n")}"`))],
  [
    "an image of 24 MB",
    CHAT,
    "served",
    () => chatOf(user(`[{"type":"image_url","image_url":{"url":"data:image/png;base64,${fill("QUJD")}"}}]`)),
  ],
  [
    "an image of 24 MB that is none at its end",
    CHAT,
    "either",
    () => chatOf(user(`[{"type":"image_url","image_url":{"url":"data:image/png;base64,${fill("QUJD")}!"}}]`)),
  ],
  [
    "an image of 24 MB",
    NATIVE,
    "served",
    () => native('"hi"', `,"image":"data:image/png;base64,${fill("QUJD")}"`),
  ],
  [
    "an image of 24 MB",
    MESSAGES,
    "served",
    () =>
      anthropic(
        user(
          `[{"type":"image","source":{"type":"base64","media_type":"image/png","data":"${fill("QUJD")}"}}]`,
        ),
      ),
  ],
  [
    "a system prompt of 24 MB",
    MESSAGES,
    "served",
    () => anthropic(user('"hi"'), `,"system":"${fill("ab ")}"`),
  ],
  [
    "a user's name of 24 MB",
    MESSAGES,
    "refused",
    () => anthropic(user('"hi"'), `,"metadata":{"user_id":"${fill("a")}"}`),
  ],
  [
    "a tool description of 24 MB",
    CHAT,
    "either",
    () =>
      chat(
        `"tools":[{"type":"function","function":{"name":"f","description":"${fill("a ")}","parameters":{"type":"object"}}}]`,
      ),
  ],
  ["an unknown field of 24 MB", CHAT, "served", () => chat(`"x":"${fill("a")}"`)],
  ["a key of 24 MB", CHAT, "either", () => chat(`"${fill("a")}":1`)],
  ["a number of 24 MB", CHAT, "either", () => chat(`"x":${fill("1")}`)],
  ["a stop word of 24 MB", CHAT, "either", () => chat(`"stop":"${fill("a")}"`)],
  [
    "a tool call id of 24 MB",
    CHAT,
    "refused",
    () => chatOf(`${user('"hi"')},{"role":"tool","tool_call_id":"${fill("a-!")}","content":"x"}`),
  ],
  [
    "2,000 tool call ids of 12 kB",
    CHAT,
    "either",
    () =>
      chatOf(
        `${user('"hi"')},${list(2_000, (i) => `{"role":"tool","tool_call_id":"${fill(`${i}-!`, 12_000)}","content":"x"}`)}`,
      ),
  ],
  [
    "9,000 long names",
    CHAT,
    "either",
    () => chatOf(list(9_000, (i) => `{"role":"user","name":"${i}${fill("é!", 250)}","content":"x"}`)),
  ],
  [
    "arguments of 24 MB that are none",
    CHAT,
    "either",
    () => chatOf(`${user('"hi"')},${call("a", `{${fill(" ", 11 * MEGABYTE)}`)},${user('"go on"')}`),
  ],
  [
    "instructions of 24 MB",
    RESPONSES,
    "served",
    () => `{"model":"smart","instructions":"${fill("ab ")}","input":"hi"}`,
  ],
  ["texts to embed of 24 MB", EMBEDDINGS, "either", () => `{"model":"own/e","input":["${fill("ab ")}"]}`],
  ["24 MB to be counted", COUNT, "served", () => anthropic(user(`"${fill("ab ")}"`))],
  [
    "a history of 20 MB",
    NATIVE,
    "served",
    () =>
      native(
        '"hi"',
        `,"history":[${list(100, (i) => `{"role":"${i % 2 === 0 ? "user" : "assistant"}","content":"${"ab ".repeat(66_000)}"}`)}]`,
      ),
  ],
  ["200,000 invisible characters", NATIVE, "refused", () => native(`"${"\u200b".repeat(200_000)}"`)],
  ["200,000 joiners", NATIVE, "served", () => native(`"a${"\u200d".repeat(199_990)}"`)],

  // No JSON at all.
  ["24 MB of blanks", CHAT, "refused", () => fill(" ")],
  ["24 MB of one string", CHAT, "refused", () => `"${fill("a")}"`],
  ["24 MB of quotes", CHAT, "refused", () => fill('"')],
  ["24 MB of zeros", CHAT, "refused", () => fill("\0")],
];

export const HOSTILE_BODIES: readonly HostileBody[] = ROWS.map(([name, path, expected, text]) => ({
  name,
  path,
  expected,
  make: () => Buffer.from(text()),
}));
