/** What a text looks like, whatever its words: names of features, such as `numbers:3`. */
export function shapeOf(text: string, words: number): string[] {
  const length = bucket(words, LENGTHS);
  const numbers = bucket(count(text, /\d+(?:[.,]\d+)*/g), COUNTS);
  const shapes = [
    `length:${length}`,
    `numbers:${numbers}`,
    `length:${length} numbers:${numbers}`,
    `lines:${bucket(count(text, /\n/g), COUNTS)}`,
    `names:${bucket(count(text, /(?<=[\p{Ll},] )\p{Lu}\p{Ll}+/gu), COUNTS)}`,
    `script:${scriptOf(text)}`,
  ];
  for (const [name, pattern] of MARKS) {
    if (pattern.test(text)) shapes.push(name, `${name} length:${length}`);
  }
  return shapes;
}

const LENGTHS = [1, 2, 3, 5, 8, 12, 18, 30, 60, 120];
const COUNTS = [0, 1, 2, 4, 8];

/** Each is tried on a bounded text. */
const MARKS: readonly (readonly [string, RegExp])[] = [
  ["question", /[?？؟]\s*$/],
  ["question-within", /[?？؟]\s*\S/],
  ["no-question", /^[^?？؟]*$/],
  ["exclamation", /[!！]/],
  ["full-stop", /[.。।]\s*$/],
  ["colon-end", /[:：]\s*$/],
  ["colon-line", /[:：]\s*\n/],
  [
    "latex",
    /\\(?:frac|sqrt|sum|int|begin|mathbb|mathrm|text|left|cdot|times|leq|geq|alpha|theta|pi|infty)|\$[^$\n]{1,80}\$/,
  ],
  ["formula", /[a-z0-9)] ?[=<>≤≥] ?[-(a-z0-9]|\d ?[+*/^×÷−] ?\d|[a-z]\^\d|\bf\(x\)/i],
  ["sum", /^[^a-z]*\d[\d\s.,]*[-+*/x×÷^%][\d\s.,]*\d[^a-z]*$/i],
  ["choices", /(?:^|\s)\(?[A-D1-4][).:]\s[^\n]{0,200}?\s\(?[B-E2-5][).:]\s/],
  ["list", /^\s*(?:[-*•]|\d[.)])\s/m],
  ["quotation", /["“«「『][^"”»」』]{2,}["”»」』]/],
  ["quoted-word", /["'“‘«「][\p{L}-]{2,24}["'”’»」]/u],
  ["currency", /[$€£¥₹₽₩]\s?\d|\d\s?[$€£¥₹₽₩元円원]/],
  ["percent", /\d\s?[%％]/],
  ["year-old", /(?<!\d)(?:1[0-9]\d\d|20[01]\d)(?!\d)/],
  ["year-new", /(?<!\d)202[4-9](?!\d)/],
  ["camel", /(?<![\p{L}])[a-z]{2,}[A-Z][a-z]+/u],
  ["snake", /[a-z]+_[a-z]+/],
  ["call", /[A-Za-z_]\w*\(\)|\w\.\w+\(/],
  ["code-marks", /[{};]|[=!]==?|<\/?[a-z]+>|=>|->|::|&&|\|\||\[\]/],
  ["backtick", /`/],
  ["path", /(?:^|\s)[.~]?\/[\w.-]+\/|[\w-]+\.[a-z]{2,4}(?=[\s:,]|$)/],
  ["url", /https?:\/\//],
  ["upper-word", /(?<![\p{L}])\p{Lu}{2,}(?![\p{L}])/u],
  ["lower-case", /^[^\p{Lu}]*$/u],
  ["capital-start", /^\p{Lu}/u],
  ["emoji", /\p{Extended_Pictographic}/u],
  ["blank", /_{2,}|\.{4,}/],
  ["variable", /(?<![\p{L}'’])[b-hj-np-z](?![\p{L}'’.])/u],
];

function bucket(value: number, limits: readonly number[]): number {
  const found = limits.findIndex((limit) => value <= limit);
  return found === -1 ? limits.length : found;
}

function count(text: string, pattern: RegExp): number {
  return text.match(pattern)?.length ?? 0;
}

function scriptOf(text: string): string {
  if (/[\u3040-\u30ff]/.test(text)) return "kana";
  if (/[\u3400-\u9fff]/.test(text)) return "han";
  if (/[\uac00-\ud7a3]/.test(text)) return "hangul";
  if (/[\u0600-\u06ff]/.test(text)) return "arabic";
  if (/[\u0900-\u097f]/.test(text)) return "devanagari";
  if (/[\u0400-\u04ff]/.test(text)) return "cyrillic";
  if (/[\u00c0-\u024f]/.test(text)) return "accents";
  return /[a-z]/i.test(text) ? "latin" : "none";
}
