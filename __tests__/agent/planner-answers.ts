/** What planners write, and the steps that are read: a title, and the earlier steps that it needs, from 0. */
export type PlannerAnswer = {
  name: string;
  answer: string;
  steps: readonly (readonly [title: string, ...needs: number[]])[];
};

export const GOAL = "Compare the weather in Oslo and Rome.";
const THE_GOAL = [[GOAL]] as const;
const TWO = [["Find the weather in Oslo"], ["Find the weather in Rome"]] as const;
const THREE = [...TWO, ["Say which one is warmer", 0, 1]] as const;
const [[OSLO], [ROME]] = TWO;
const [, , [WARMER]] = THREE;
const NEEDY = [
  { title: OSLO, needs: [] },
  { title: ROME, needs: [] },
  { title: WARMER, needs: [1, 2] },
];
const fenced = (text: string): string => `\`\`\`json\n${text}\n\`\`\``;

export const PLANNER_ANSWERS: readonly PlannerAnswer[] = [
  { name: "objects with needs", answer: JSON.stringify(NEEDY), steps: THREE },
  { name: "over several lines", answer: JSON.stringify(NEEDY, null, 2), steps: THREE },
  { name: "strings", answer: JSON.stringify([OSLO, ROME]), steps: TWO },
  { name: "within `steps`", answer: JSON.stringify({ steps: NEEDY }), steps: THREE },
  { name: "within `plan.steps`", answer: JSON.stringify({ plan: { steps: NEEDY } }), steps: THREE },
  {
    name: "within a list of another name",
    answer: JSON.stringify({ goal: GOAL, arbeitsschritte: NEEDY }),
    steps: THREE,
  },
  { name: "fenced", answer: fenced(JSON.stringify(NEEDY)), steps: THREE },
  {
    name: "fenced between sentences",
    answer: `Here is the plan:\n\n${fenced(JSON.stringify(NEEDY))}\n\nShall I begin?`,
    steps: THREE,
  },
  { name: "behind a sentence", answer: `The plan: ${JSON.stringify(NEEDY)}`, steps: THREE },
  {
    name: "behind what was thought",
    answer: `<think>[1] or {2}? First this, then that.</think>${JSON.stringify(NEEDY)}`,
    steps: THREE,
  },
  {
    name: "numbered from 1, `depends_on` by number",
    answer: JSON.stringify([
      { step: 1, task: OSLO },
      { step: 2, task: ROME, depends_on: [] },
      { step: 3, task: WARMER, depends_on: [1, 2] },
    ]),
    steps: THREE,
  },
  {
    name: "numbered from 0",
    answer: JSON.stringify([
      { id: 0, description: OSLO },
      { id: 1, description: ROME },
      { id: 2, description: WARMER, dependencies: [0, 1] },
    ]),
    steps: THREE,
  },
  {
    name: "numbered by tens",
    answer: JSON.stringify([
      { id: 10, title: OSLO },
      { id: 20, title: ROME },
      { id: 30, title: WARMER, requires: ["10", "step 20"] },
    ]),
    steps: THREE,
  },
  {
    name: "needs by title and in words",
    answer: JSON.stringify([
      { title: OSLO },
      { title: ROME },
      { title: WARMER, needs: [OSLO.toUpperCase(), "Step 2"] },
    ]),
    steps: THREE,
  },
  {
    name: "one need that is no list",
    answer: JSON.stringify([{ title: OSLO }, { title: WARMER, needs: 1 }]),
    steps: [[OSLO], [WARMER, 0]],
  },
  {
    name: "needs that cannot be: itself, later ones, ones that are not there, nonsense",
    answer: JSON.stringify([
      { title: OSLO, needs: [1, 2, 9, -1, "x", null, {}] },
      { title: ROME, needs: ["none"] },
    ]),
    steps: TWO,
  },
  {
    name: "an object with a field a step",
    answer: JSON.stringify({ step1: OSLO, step2: ROME }),
    steps: TWO,
  },
  { name: "one object", answer: JSON.stringify({ title: OSLO }), steps: [[OSLO]] },
  {
    name: "one object a line",
    answer: `${JSON.stringify({ title: OSLO })}\n${JSON.stringify({ title: ROME })}`,
    steps: TWO,
  },
  { name: "a comma too many", answer: `["${OSLO}", "${ROME}",]`, steps: TWO },
  { name: "cut off", answer: `["${OSLO}", "${ROME}", "Say wh`, steps: TWO },
  {
    name: "objects cut off",
    answer: JSON.stringify(TWO.map(([title]) => ({ title, needs: [] }))).slice(0, -1),
    steps: TWO,
  },
  { name: "in Python's quotes", answer: `['${OSLO}', '${ROME}']`, steps: TWO },
  { name: "a numbered list", answer: `1. ${OSLO}\n2. ${ROME}`, steps: TWO },
  {
    name: "a numbered list between sentences",
    answer: `Here is my plan:\n\n1) ${OSLO}\n2) ${ROME}\n\nLet me know.`,
    steps: TWO,
  },
  { name: "bullets", answer: `- ${OSLO}\n- ${ROME}`, steps: TWO },
  { name: "check boxes", answer: `- [ ] ${OSLO}\n- [x] ${ROME}`, steps: TWO },
  { name: "numbers in bold", answer: `**1.** ${OSLO}\n**2.** ${ROME}`, steps: TWO },
  { name: "steps with a colon", answer: `Step 1: ${OSLO}\nStep 2: ${ROME}`, steps: TWO },
  { name: "headings", answer: `### Step 1: ${OSLO}\n### Step 2: ${ROME}`, steps: TWO },
  { name: "on one line", answer: `1. ${OSLO} 2. ${ROME} 3. Say so`, steps: [...TWO, ["Say so"]] },
  { name: "HTML", answer: `<ol><li>${OSLO}</li><li>${ROME}</li></ol>`, steps: TWO },
  {
    name: "a list whose last step puts things together",
    answer: `1. ${OSLO}\n2. ${ROME}\n3. Compare both`,
    steps: [...TWO, ["Compare both", 0, 1]],
  },
  {
    name: "prose",
    answer: "First, find the weather in Oslo. Then look up Rome, and finally say which one is warmer.",
    steps: [["find the weather in Oslo"], ["look up Rome", 0], ["say which one is warmer", 1]],
  },
  {
    name: "prose in German",
    answer: "Zuerst suche ich das Wetter in Oslo. Danach das in Rom, und schließlich vergleiche ich beide.",
    steps: [["suche ich das Wetter in Oslo"], ["das in Rom", 0], ["vergleiche ich beide", 1]],
  },
  {
    name: "prose in French",
    answer: "D'abord, trouver la météo à Oslo, puis à Rome. Enfin, comparer les deux.",
    steps: [["trouver la météo à Oslo"], ["à Rome", 0], ["comparer les deux", 1]],
  },
  {
    name: "prose in Chinese",
    answer: "首先，查询奥斯陆的天气。然后查询罗马的天气，最后比较两者。",
    steps: [["查询奥斯陆的天气"], ["查询罗马的天气", 0], ["比较两者", 1]],
  },
  {
    name: "prose in Japanese",
    answer: "まず、オスロの天気を調べます。次に、ローマの天気を調べます。",
    steps: [["オスロの天気を調べます"], ["ローマの天気を調べます", 0]],
  },
  {
    name: "prose in Russian",
    answer: "Сначала найти погоду в Осло. Затем найти погоду в Риме.",
    steps: [["найти погоду в Осло"], ["найти погоду в Риме", 0]],
  },
  {
    name: "prose in Arabic",
    answer: "أولاً، ابحث عن الطقس في أوسلو، ثم ابحث عن الطقس في روما.",
    steps: [["ابحث عن الطقس في أوسلو"], ["ابحث عن الطقس في روما", 0]],
  },
  {
    name: "a list in Chinese",
    answer: "1、查询奥斯陆的天气\n2、查询罗马的天气",
    steps: [["查询奥斯陆的天气"], ["查询罗马的天气"]],
  },
  {
    name: "repetitions, empty ones, Markdown and line breaks",
    answer: JSON.stringify([`**${OSLO}**`, OSLO.toUpperCase(), " ", `Find the\nweather   in \`Rome\``]),
    steps: TWO,
  },
  {
    name: "seven steps",
    answer: JSON.stringify(["a1", "b2", "c3", "d4", "e5", "f6", "g7"]),
    steps: [["a1"], ["b2"], ["c3"], ["d4"], ["e5"]],
  },
  {
    name: "10,000 steps",
    answer: JSON.stringify(Array.from({ length: 10_000 }, (_, at) => `Do ${at}`)),
    steps: [["Do 0"], ["Do 1"], ["Do 2"], ["Do 3"], ["Do 4"]],
  },
  { name: "nothing", answer: "", steps: THE_GOAL },
  { name: "spaces", answer: " \n\t ", steps: THE_GOAL },
  { name: "an empty list", answer: "[]", steps: THE_GOAL },
  { name: "null", answer: "null", steps: THE_GOAL },
  { name: "numbers", answer: "[1, 2, 3]", steps: THE_GOAL },
  { name: "empty objects", answer: "[{}, {}]", steps: THE_GOAL },
  { name: "a refusal", answer: "I'm sorry, but I can't help with that.", steps: THE_GOAL },
  { name: "a sentence without a plan", answer: "That is an interesting goal.", steps: THE_GOAL },
  { name: "100 KB of brackets", answer: "[".repeat(100_000), steps: THE_GOAL },
  { name: "100 KB of braces", answer: "{[".repeat(50_000), steps: THE_GOAL },
];
