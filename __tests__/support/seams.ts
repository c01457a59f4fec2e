/** A place at which an answer breaks off: what was sent, and what is missing. */
export type Seam = { name: string; sent: string; rest: string };

const PROSE =
  "The lighthouse keeper counted eleven ships before midnight, wrote each name into the long ledger, ";
const PYTHON =
  "Here is the function:\n\n```python\ndef total(items):\n    amount = 0\n    for item in items:\n";
const GO = "```go\nfunc main() {\n\tfor index := range names {\n";
const TABLE = "| Ship | Harbour |\n|------|---------|\n| Orzeł | Gdynia |\n| Błyskawica | Gdynia |\n";
const LIST = "To bake bread:\n\n1. Weigh the flour.\n2. Add water and salt.\n3. Knead for ten minutes.\n";
const CHINESE = "灯塔看守人在午夜之前数了十一艘船，把每一个名字都写进了长长的账本，";
const ARABIC = "كان حارس المنارة يعد السفن قبل منتصف الليل ويكتب اسم كل سفينة في السجل الطويل، ";
const PERIODIC = "- [ ] todo\n- [ ] todo\n- [ ] todo\n- [ ] todo\n- [ ] todo\n- [ ] todo\n- [ ] todo\n";

/** Every place is one at which answers have been seen to break, and to be joined wrongly. */
export const SEAMS: readonly Seam[] = [
  { name: "inside a word", sent: `${PROSE}and went to sle`, rest: "ep only when the lantern had passed." },
  { name: "before a space", sent: `${PROSE}and went to`, rest: " sleep only when the lantern had passed." },
  { name: "behind a space", sent: `${PROSE}and went to `, rest: "sleep only when the lantern had passed." },
  { name: "behind a comma", sent: `${PROSE.trimEnd()}`, rest: " and went to sleep without a sound." },
  { name: "at the end of a sentence", sent: `${PROSE}and slept.`, rest: " In the morning there was fog." },
  { name: "between paragraphs", sent: `${PROSE}and slept.\n\n`, rest: "In the morning there was fog." },
  {
    name: "within the break of a paragraph",
    sent: `${PROSE}and slept.\n`,
    rest: "\nIn the morning there was fog.",
  },
  {
    name: "before the break of a paragraph",
    sent: `${PROSE}and slept.`,
    rest: "\n\nIn the morning there was fog.",
  },
  {
    name: "in an indentation of spaces",
    sent: `${PYTHON}    `,
    rest: "    amount += item.price\n    return amount\n```",
  },
  {
    name: "before an indentation",
    sent: PYTHON,
    rest: "        amount += item.price\n    return amount\n```",
  },
  {
    name: "behind an indentation",
    sent: `${PYTHON}        `,
    rest: "amount += item.price\n    return amount\n```",
  },
  {
    name: "in an indentation of tabs",
    sent: `${GO}\t`,
    rest: "\tprintln(index)\n\t}\n}\n```\nIt prints them all.",
  },
  {
    name: "inside a fence, in a word",
    sent: `${PYTHON}        amo`,
    rest: "unt += item.price\n    return amount\n```\n",
  },
  {
    name: "at the opening of a fence",
    sent: `${PROSE}like this:\n\n\`\`\``,
    rest: "python\nprint(11)\n```\n",
  },
  { name: "before the closing fence", sent: `${PYTHON}        pass\n`, rest: "```\n\nThat is all of it." },
  { name: "in the row of a table", sent: `${TABLE}| Grom | Gd`, rest: "ynia |\n| Wicher | Gdynia |\n" },
  { name: "between the rows of a table", sent: TABLE, rest: "| Grom | Gdynia |\n| Wicher | Gdynia |\n" },
  {
    name: "in the rule of a table",
    sent: "| Ship | Harbour | Tonnage | Year |\n|------|---",
    rest: "------|---------|------|\n| Orzeł | Gdynia | 1100 | 1938 |\n",
  },
  { name: "in a numbered list", sent: `${LIST}4`, rest: ". Let it rise.\n5. Bake it.\n" },
  { name: "between the items of a list", sent: LIST, rest: "4. Let it rise.\n5. Bake it.\n" },
  { name: "in Chinese", sent: `${CHINESE}直到最后一盏`, rest: "灯经过北边的礁石，他才去睡觉。" },
  {
    name: "in Japanese",
    sent: "灯台守は真夜中までに十一隻の船を数え、それぞれの名前を長い帳簿に書き込み、最後の",
    rest: "ランタンが北の岩を過ぎるまで眠らなかった。",
  },
  {
    name: "in Korean",
    sent: "등대지기는 자정이 되기 전에 배 열한 척을 세고 이름을 모두 긴 장부에 적은 다음 마지",
    rest: "막 등불이 지나간 뒤에야 잠들었다.",
  },
  { name: "inside a family of emoji", sent: `${PROSE}with his family 👩‍`, rest: "👩‍👧‍👦 beside him." },
  { name: "before a joiner of emoji", sent: `${PROSE}with his family 👩`, rest: "‍👩‍👧‍👦 beside him." },
  { name: "inside a flag", sent: `${PROSE}under the flag 🇵`, rest: "🇱 of his country." },
  { name: "before a skin tone", sent: `${PROSE}and waved 👋`, rest: "🏽 at them." },
  { name: "before a variation selector", sent: `${PROSE}with love ❤`, rest: "️ and salt." },
  { name: "inside a surrogate pair", sent: `${PROSE}with a smile \ud83d`, rest: "\ude00 on his face." },
  { name: "in a row of emoji", sent: `Done: ${"👩‍👧‍👦".repeat(9)}`, rest: "👩‍👧‍👦👩‍👧‍👦 all of them." },
  { name: "in a URL", sent: `${PROSE}see https://example.com/ships/el`, rest: "even?page=2#names for more." },
  { name: "in a number", sent: `${PROSE}which cost him 1,2`, rest: "34.56 euros in all." },
  {
    name: "at a line's end, CRLF",
    sent: "First line of the letter\r\nSecond line of the letter\r\n",
    rest: "Third line of the letter\r\n",
  },
  {
    name: "inside CRLF",
    sent: "First line of the letter\r\nSecond line of the letter\r",
    rest: "\nThird line of the letter\r\n",
  },
  { name: "in Arabic", sent: `${ARABIC}ثم ينا`, rest: "م عندما يمر آخر فانوس." },
  {
    name: "in Hebrew with marks",
    sent: "שומר המגדלור ספר אחת עשרה ספינות לפני חצות וכתב כל שם בספר הארוך \u200fואז הל",
    rest: "ך לישון\u200f בלי קול.",
  },
  { name: "before a combining mark", sent: `${PROSE}in the cafe`, rest: "\u0301 by the harbour." },
  { name: "in a stack of marks", sent: `${PROSE}in zal\u0300\u0301`, rest: "\u0302\u0303go style." },
  { name: "in quoted speech", sent: `${PROSE}and said: “Good ni`, rest: "ght, ships,” and slept." },
  { name: "in Markdown's emphasis", sent: `${PROSE}and was **very ti`, rest: "red** that _night_." },
  {
    name: "with guillemets",
    sent: "Le gardien du phare a dit « bonne nuit » aux onze navires et « à dem",
    rest: "ain » à la mer.",
  },
  { name: "in a formula", sent: `${PROSE}where $\\sum_{i=1}^{n} i = \\fr`, rest: "ac{n(n+1)}{2}$ holds." },
  { name: "in equal lines", sent: PERIODIC, rest: "- [ ] todo\n- [ ] todo\n- [x] done\n" },
  {
    name: "in equal words",
    sent: `He laughed: ${"ha ".repeat(30)}`,
    rest: `${"ha ".repeat(25)}and stopped.`,
  },
  {
    name: "in a rule of dashes",
    sent: `Title of the long chapter\n${"-".repeat(50)}`,
    rest: `${"-".repeat(10)}\nText of the chapter.`,
  },
  {
    name: "in a list of single letters",
    sent: "- a\n  - b\n    - c\n      - d\n        - e\n      - f\n    ",
    rest: "- g\n- h\n\nEnd of the list.",
  },
  { name: "after few words", sent: "The keeper", rest: " counted eleven ships before midnight and slept." },
  { name: "after one letter", sent: "T", rest: "he keeper counted eleven ships before midnight." },
  { name: "at the very end", sent: `${PROSE}and slept.`, rest: "" },
  {
    name: "in JSON-like text",
    sent: 'The request is `{"name": "Ada", "ships": ["Orzeł", "Bły',
    rest: 'skawica"]}` and no more.',
  },
  {
    name: "in a shell command",
    sent: "Run this:\n\n```sh\nfind . -name '*.ts' -not -path './node_mo",
    rest: "dules/*' | xargs wc -l\n```\n",
  },
];

/** How an engine obeys: what it writes, from which the answer must come out byte for byte. */
export type JointEngine = {
  name: string;
  /** Seams at which its text cannot be told from another continuation. */
  except?: RegExp;
  tells(seam: Seam): string;
};

/** No engine is sent half a character, so none repeats it. */
function whole({ sent, rest }: Seam): { sent: string; rest: string } {
  return /[\ud800-\udbff]$/.test(sent)
    ? { sent: sent.slice(0, -1), rest: sent.slice(-1) + rest }
    : { sent, rest };
}

function repeats(length: number, change: (tail: string) => string = (tail) => tail) {
  return (seam: Seam): string => {
    const { sent, rest } = whole(seam);
    return change(sent.slice(-length)) + rest;
  };
}

const PERIOD = /equal|rule of dashes|row of emoji/;

export const JOINT_ENGINES: readonly JointEngine[] = [
  { name: "repeats 40 characters", tells: repeats(40) },
  {
    name: "repeats 40 without white space before",
    tells: repeats(40, (tail) => tail.trimStart()),
  },
  { name: "repeats 30", except: PERIOD, tells: repeats(30) },
  { name: "repeats 60", except: PERIOD, tells: repeats(60) },
  { name: "repeats too little (20)", except: /equal|rule|row of emoji/, tells: repeats(20) },
  { name: "repeats too much (120)", tells: repeats(120) },
  { name: "gives the whole answer", tells: (seam) => whole(seam).sent + whole(seam).rest },
  {
    name: "has a preamble",
    tells: (seam) => `Sure, continuing:\n\n${repeats(40)(seam).trimStart()}`,
  },
  {
    name: "has a preamble and the whole answer",
    except: /after one letter|single letters/,
    tells: (seam) => `Here is the complete answer:\n\n${whole(seam).sent}${whole(seam).rest}`,
  },
  {
    name: "wraps the tail anew",
    except: /single letters/,
    tells: repeats(40, (tail) =>
      tail.replace(/(?<=\S)[ \n](?=\S)/g, (space) => (space === " " ? "\n" : " ")),
    ),
  },
  {
    name: "doubles the spaces of the tail",
    except: /single letters/,
    tells: repeats(40, (tail) => tail.replace(/(?<=\S) (?=\S)/g, "  ")),
  },
  {
    name: "puts the tail in quotes",
    except: /after one letter|single letters/,
    tells: repeats(40, (tail) => `"${tail.trimStart()}"`),
  },
  {
    name: "puts the tail in guillemets",
    except: /after one letter|with guillemets/,
    tells: repeats(40, (tail) => `«${tail.trimStart()}»`),
  },
  {
    name: "escapes the tail for Markdown",
    except: /single letters/,
    tells: repeats(40, (tail) => tail.replace(/[_*[\]()#>|-]/g, "\\$&")),
  },
  {
    name: "writes typographic quotes and dashes",
    except: /single letters/,
    tells: repeats(40, (tail) => tail.replace(/'/g, "’").replace(/"/g, "”").replace(/-/g, "–")),
  },
  {
    name: "changes the case of the tail",
    tells: repeats(40, (tail) => tail.charAt(0).toUpperCase() + tail.slice(1)),
  },
  {
    name: "opens the code block anew",
    tells: (seam) =>
      inFence(seam.sent) ? `\`\`\`python\n${repeats(40)(seam).replace(/^\n+/, "")}` : repeats(40)(seam),
  },
  {
    name: "begins with line breaks",
    except: /after one letter/,
    tells: repeats(40, (tail) => `\n\n${tail.trimStart()}`),
  },
  {
    name: "begins with an ellipsis",
    except: /after one letter|single letters/,
    tells: repeats(40, (tail) => `…${tail.trimStart()}`),
  },
  {
    name: "goes on",
    except: /equal|rule|row of emoji/,
    tells: (seam) => (/[\ud800-\udbff]$/.test(seam.sent) ? whole(seam).rest : seam.rest),
  },
];

function inFence(text: string): boolean {
  return (text.match(/^```/gm) ?? []).length % 2 === 1;
}
