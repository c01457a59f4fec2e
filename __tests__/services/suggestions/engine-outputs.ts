/** What engines answer when they are to suggest something, and what a client is to get. */
export type EngineOutput = { name: string; output: string; userMsg?: string; suggestions: readonly string[] };

const THREE = ["Where do foxes live?", "What do foxes eat?", "Are foxes dangerous?"] as const;
const [LIVE, EAT, DANGEROUS] = THREE;
const JSON_THREE = JSON.stringify(THREE);

export const ENGINE_OUTPUTS: readonly EngineOutput[] = [
  { name: "a JSON array", output: JSON_THREE, suggestions: THREE },
  { name: "a JSON array over several lines", output: JSON.stringify(THREE, null, 2), suggestions: THREE },
  { name: "fenced JSON", output: `\`\`\`json\n${JSON_THREE}\n\`\`\``, suggestions: THREE },
  { name: "a fence without a language", output: `\`\`\`\n${JSON_THREE}\n\`\`\``, suggestions: THREE },
  {
    name: "fenced JSON between sentences",
    output: `Sure! Here are three suggestions:\n\n\`\`\`json\n${JSON_THREE}\n\`\`\`\n\nLet me know if you want more!`,
    suggestions: THREE,
  },
  { name: "an array behind a sentence", output: `Here you go: ${JSON_THREE}`, suggestions: THREE },
  { name: "an object around the array", output: `{"suggestions": ${JSON_THREE}}`, suggestions: THREE },
  {
    name: "an object around it with more fields",
    output: `{"language":"en","suggestions":${JSON_THREE},"n":3}`,
    suggestions: THREE,
  },
  {
    name: "objects with a text",
    output: JSON.stringify({ questions: THREE.map((text) => ({ text })) }),
    suggestions: THREE,
  },
  {
    name: "objects with a question and an id",
    output: JSON.stringify(THREE.map((question, id) => ({ id, type: "question", question }))),
    suggestions: THREE,
  },
  {
    name: "an object with numbers for names",
    output: JSON.stringify({ 1: LIVE, 2: EAT, 3: DANGEROUS }),
    suggestions: THREE,
  },
  { name: "an object in an object", output: JSON.stringify({ data: { items: THREE } }), suggestions: THREE },
  {
    name: "JSON that was encoded twice",
    output: JSON.stringify({ suggestions: JSON_THREE }),
    suggestions: THREE,
  },
  {
    name: "JSON that is cut off within a string",
    output: `["${LIVE}", "${EAT}", "Are foxes dang`,
    suggestions: [LIVE, EAT],
  },
  {
    name: "an object that is cut off",
    output: `{"suggestions": ["${LIVE}", "${EAT}",`,
    suggestions: [LIVE, EAT],
  },
  {
    name: "objects that are cut off",
    output: `\`\`\`json\n[{"type":"question","text":"${LIVE}"},{"type":"question","text":"${EAT}"},{"ty`,
    suggestions: [LIVE, EAT],
  },
  {
    name: "a comma behind the last item",
    output: `["${LIVE}", "${EAT}", "${DANGEROUS}",]`,
    suggestions: THREE,
  },
  {
    name: "Python's quotes",
    output: "['Where do foxes live?', 'What\\'s their diet?', 'Isn't it small?']".replace("\\'", "'"),
    suggestions: [LIVE, "What's their diet?", "Isn't it small?"],
  },
  {
    name: "one JSON value on each line",
    output: THREE.map((text) => JSON.stringify({ text })).join("\n"),
    suggestions: THREE,
  },
  { name: "five items", output: JSON.stringify([...THREE, "A?", "B?"]), suggestions: THREE },
  {
    name: "duplicates",
    output: JSON.stringify([LIVE, LIVE.toLowerCase(), ` ${LIVE} `, "**Where do foxes live**", EAT]),
    suggestions: [LIVE, EAT],
  },
  {
    name: "empty strings, and strings without a word",
    output: JSON.stringify(["", "  ", "...", "?", "\u200b", EAT]),
    suggestions: [EAT],
  },
  { name: "what is no string", output: `[null, 3, true, "${EAT}", [], {}]`, suggestions: [EAT] },
  { name: "very long ones", output: JSON.stringify(["Why? ".repeat(100), EAT]), suggestions: [EAT] },
  {
    name: "the user's own message",
    output: JSON.stringify(["what is a FOX", "What is a fox?", EAT]),
    suggestions: [EAT],
  },
  { name: "a numbered list", output: `1. ${LIVE}\n2. ${EAT}\n3. ${DANGEROUS}`, suggestions: THREE },
  { name: "numbers with brackets", output: `1) ${LIVE}\n(2) ${EAT}\n3) ${DANGEROUS}`, suggestions: THREE },
  { name: "a numbered list on one line", output: `1. ${LIVE} 2. ${EAT} 3. ${DANGEROUS}`, suggestions: THREE },
  { name: "bullets of all kinds", output: `- ${LIVE}\n* ${EAT}\n• ${DANGEROUS}`, suggestions: THREE },
  {
    name: "a list within sentences",
    output: `Here are some ideas:\n\n- ${LIVE}\n- ${EAT}\n\nHope this helps!`,
    suggestions: [LIVE, EAT],
  },
  {
    name: "labelled questions",
    output: `Question 1: ${LIVE}\n**Question 2:** ${EAT}\nQ3: ${DANGEROUS}`,
    suggestions: THREE,
  },
  {
    name: "bold, quoted, linked and coded items",
    output: `1. **${LIVE}**\n2. "${EAT}"\n3. [Are foxes](https://evil.example) \`dangerous\`?`,
    suggestions: THREE,
  },
  { name: "plain lines", output: THREE.join("\n"), suggestions: THREE },
  {
    name: "plain lines without question marks",
    output: "Tell me more about foxes\nCompare foxes and wolves\nList five fox species",
    suggestions: ["Tell me more about foxes", "Compare foxes and wolves", "List five fox species"],
  },
  { name: "quoted lines with commas", output: `"${LIVE}",\n"${EAT}",\n"${DANGEROUS}"`, suggestions: THREE },
  {
    name: "prose",
    output: `You could ask: ${LIVE} Or perhaps you wonder about food. ${EAT} ${DANGEROUS}`,
    suggestions: THREE,
  },
  {
    name: "HTML",
    output: `<ul><li>${LIVE}</li><li><b>${EAT}</b></li></ul><script>alert(1)</script>`,
    suggestions: [LIVE, EAT],
  },
  {
    name: "HTML in JSON",
    output: JSON.stringify([
      "<b>Where do foxes live?</b>",
      "<img src=x onerror=alert(1)>What do foxes eat?",
      "Cats &amp; dogs?",
    ]),
    suggestions: [LIVE, EAT, "Cats & dogs?"],
  },
  {
    name: "escaped HTML",
    output: JSON.stringify(["&lt;script&gt;alert(1)&lt;/script&gt;What do foxes eat?"]),
    suggestions: [EAT],
  },
  {
    name: "line breaks and invisible characters in an item",
    output: JSON.stringify(["Where do\n foxes\u200b \u202elive?"]),
    suggestions: [LIVE],
  },
  { name: "an excuse", output: "I'm sorry, but I can't help with that.", suggestions: [] },
  { name: "an empty array", output: "[]", suggestions: [] },
  { name: "an empty object", output: '{"suggestions": []}', suggestions: [] },
  { name: "a fence with nothing in it", output: "```json\n```", suggestions: [] },
  {
    name: "Chinese",
    userMsg: "什么是狐狸？",
    output: "1. 狐狸住在哪里？\n2、狐狸吃什么？\n3．狐狸危险吗？",
    suggestions: ["狐狸住在哪里？", "狐狸吃什么？", "狐狸危险吗？"],
  },
  {
    name: "Chinese prose",
    userMsg: "什么是狐狸？",
    output: "狐狸住在哪里？狐狸吃什么？",
    suggestions: ["狐狸住在哪里？", "狐狸吃什么？"],
  },
  {
    name: "Japanese quotes",
    userMsg: "狐とは？",
    output: "・「狐はどこに住んでいますか？」\n・「狐は何を食べますか？」",
    suggestions: ["狐はどこに住んでいますか？", "狐は何を食べますか？"],
  },
  {
    name: "Arabic",
    userMsg: "ما هو الثعلب؟",
    output: '["أين تعيش الثعالب؟", "ماذا تأكل الثعالب؟"]',
    suggestions: ["أين تعيش الثعالب؟", "ماذا تأكل الثعالب؟"],
  },
  {
    name: "Arabic digits",
    userMsg: "ما هو الثعلب؟",
    output: "١. أين تعيش الثعالب؟\n٢. ماذا تأكل الثعالب؟",
    suggestions: ["أين تعيش الثعالب؟", "ماذا تأكل الثعالب؟"],
  },
  {
    name: "Hindi",
    userMsg: "लोमड़ी क्या है?",
    output: "- लोमड़ियाँ कहाँ रहती हैं?\n- लोमड़ियाँ क्या खाती हैं?",
    suggestions: ["लोमड़ियाँ कहाँ रहती हैं?", "लोमड़ियाँ क्या खाती हैं?"],
  },
  {
    name: "French guillemets",
    userMsg: "Qu'est-ce qu'un renard ?",
    output: "1. « Où vivent les renards ? »\n2. « Que mangent-ils ? »",
    suggestions: ["Où vivent les renards ?", "Que mangent-ils ?"],
  },
  {
    name: "German quotes behind a sentence",
    userMsg: "Was ist ein Fuchs?",
    output: "Hier sind drei Fragen:\n1. „Wo leben Füchse?“\n2. „Was fressen Füchse?“",
    suggestions: ["Wo leben Füchse?", "Was fressen Füchse?"],
  },
  {
    name: "Spanish",
    userMsg: "¿Qué es un zorro?",
    output: '{"sugerencias": ["¿Dónde viven los zorros?", "¿Qué comen?"]}',
    suggestions: ["¿Dónde viven los zorros?", "¿Qué comen?"],
  },
  {
    name: "numbers that are not marks",
    output: JSON.stringify(["3.5 mm or 6.3 mm: which jack?", "2.0 or 3.0?"]),
    suggestions: ["3.5 mm or 6.3 mm: which jack?", "2.0 or 3.0?"],
  },
  {
    name: "snake_case, products and comparisons",
    output: JSON.stringify(["What is max_tokens_per_call?", "What is 2 * 3 * 4?", "Is a < b and c > d?"]),
    suggestions: ["What is max_tokens_per_call?", "What is 2 * 3 * 4?", "Is a < b and c > d?"],
  },
  {
    name: "thoughts before the answer",
    output: `<think>["No?"] Let me see.</think>${JSON_THREE}`,
    suggestions: THREE,
  },
  {
    name: "reasons behind questions",
    output: `1. **${LIVE}** - to learn of their habitat\n2. ${EAT} (their diet)\n3. ${DANGEROUS} — safety`,
    suggestions: THREE,
  },
  { name: "a note before the array", output: `As the answer says [1]: ${JSON_THREE}`, suggestions: THREE },
  { name: "two arrays", output: `["${LIVE}"]\n["${EAT}"]`, suggestions: [LIVE, EAT] },
  {
    name: "a line break within a JSON string",
    output: `["Where do\nfoxes live?", "${EAT}"]`,
    suggestions: [LIVE, EAT],
  },
  { name: "typographic quotes in JSON", output: `[“${LIVE}”, “${EAT}”]`, suggestions: [LIVE, EAT] },
  { name: "YAML", output: `suggestions:\n  - "${LIVE}"\n  - ${EAT}`, suggestions: [LIVE, EAT] },
  {
    name: "XML",
    output: `<suggestions><suggestion>${LIVE}</suggestion><suggestion>${EAT}</suggestion></suggestions>`,
    suggestions: [LIVE, EAT],
  },
];
