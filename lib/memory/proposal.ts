import { jsonIn } from "#lib/model-text/model-json.ts";
import { isJsonObject } from "#lib/shared/json.ts";

/** What names a known fact: its number, as a number or a string, or its text. The first that names one counts. */
export type Reference = readonly (string | number)[];

/** What a model proposes, in whatever words it says so; nothing of it is checked yet. */
export type Proposal = {
  add: string[];
  replace: { known: Reference; fact: string }[];
  forget: Reference[];
};

type Action = keyof Proposal;
const ACTIONS = ["add", "replace", "forget"] as const;

/** What models call the three lists, and the actions of single entries, letters only. */
const NAMES: Readonly<Record<Action, ReadonlySet<string>>> = {
  add: words(
    "add adds added additions toadd new newfact newfacts newmemory newmemories fact facts memory memories remember remembered " +
      "save saved store stored keep create created insert inserted userfact userfacts extractedfacts extracted learned",
  ),
  replace: words(
    "replace replaced replacement replacements toreplace update updates updated toupdate edit edited edits modify modified",
  ),
  forget: words(
    "forget forgotten toforget remove removed removals toremove delete deleted deletes deletions todelete drop",
  ),
};
/** What is said of a person: {"name": "Ada", "job": "nurse"}. */
const OF_A_PERSON = words(
  "name fullname firstname lastname nickname age birthday location residence home city country job occupation profession work employer " +
    "company studies school family spouse partner children kids pet pets diet language languages hobby hobbies interest interests " +
    "preference preferences likes dislikes goal goals project projects tools timezone",
);
/** What they put around them. */
const WRAPPERS = words(
  "user profile userprofile information info result results changes operations ops actions response output data answer json",
);
const ENTRY_ACTION = words("op operation action event");
const TEXT = [
  "newfact newmemory newvalue newtext new to",
  "fact memory text content statement description sentence value",
].flatMap((row) => row.split(" "));
const NUMBER = "id number index factid no".split(" ");
const OLD_TEXT = "old oldfact oldmemory oldvalue oldtext previous from replaces".split(" ");
const LABEL = words("key name attribute property field label category type predicate");

/** Undefined if the answer proposes nothing in a form that can be read: prose, broken JSON, other fields. */
export function proposalIn(answer: string): Proposal | undefined {
  const found = jsonIn(answer);
  if (found === undefined) return undefined;
  const proposal: Proposal = { add: [], replace: [], forget: [] };
  const isRead = found.value === null || readAny(found.value, proposal, 2);
  return isRead ? proposal : undefined;
}

/** Whether the value has anything of the form. `depth`: of wrappers that are opened. */
function readAny(value: unknown, proposal: Proposal, depth: number): boolean {
  if (Array.isArray(value)) {
    for (const entry of value) readEntry(entry, "add", proposal);
    return true;
  }
  if (!isJsonObject(value)) return false;
  const fields = Object.entries(value);
  if (fields.length === 0) return true;
  const wrapper = fields.length === 1 ? fields[0] : undefined;
  if (wrapper !== undefined && depth > 0 && isJsonObject(wrapper[1])) {
    const inner = { add: [], replace: [], forget: [] };
    const isWrapped = WRAPPERS.has(plain(wrapper[0])) || actionOf(wrapper[0]) === "add";
    if (isWrapped && readAny(wrapper[1], inner, depth - 1)) {
      for (const action of ACTIONS) proposal[action].push(...inner[action]);
      return true;
    }
  }
  if (fields.every(([name]) => OF_A_PERSON.has(plain(name)))) {
    for (const [name, inner] of fields) readEntry({ [name]: inner }, "add", proposal);
    return true;
  }
  let isRead = false;
  for (const [name, inner] of fields) {
    const action = actionOf(name) ?? (WRAPPERS.has(plain(name)) && Array.isArray(inner) ? "add" : undefined);
    if (action === undefined || typeof inner === "boolean") continue;
    isRead = true;
    for (const entry of entriesOf(inner, action)) readEntry(entry, action, proposal);
  }
  return isRead;
}

/** A list, or what should have been in one. */
function entriesOf(value: unknown, action: Action): unknown[] {
  if (Array.isArray(value)) return value;
  if (typeof value === "string") return value.split("\n").filter((line) => line.trim() !== "");
  if (typeof value === "number") return [value];
  if (!isJsonObject(value)) return [];
  if (hasAny(value, [...TEXT, ...NUMBER])) return [value];
  // {"1": "Lives in Oslo"}, {"Lives in Bergen": "Lives in Oslo"}; {"job": "nurse"}.
  return Object.entries(value).map(([key, inner]) =>
    action === "replace" ? { id: key, fact: inner } : { [key]: inner },
  );
}

function readEntry(entry: unknown, listed: Action, proposal: Proposal): void {
  if (typeof entry === "string" || typeof entry === "number") {
    if (listed === "forget") proposal.forget.push([entry]);
    else if (listed === "add" && typeof entry === "string") proposal.add.push(entry);
    return;
  }
  if (!isJsonObject(entry)) return;
  const own = Object.entries(entry).find(([name]) => ENTRY_ACTION.has(plain(name)))?.[1];
  const action = typeof own === "string" ? actionOf(own) : listed;
  const fact = textOf(entry);
  const old = valuesOf(entry, [...OLD_TEXT, ...NUMBER]);
  if (action === "forget") {
    // A text says more than a number, which may be the model's own.
    const known = [...(fact === undefined ? [] : [fact]), ...old];
    if (known.length > 0) proposal.forget.push(known);
  } else if (fact === undefined) return;
  else if (action === "add") proposal.add.push(fact);
  else if (action === "replace") proposal.replace.push({ known: old, fact });
}

/** The fact of an entry: {"fact": …}, {"key": "name", "value": "Ada"}, {"name": "Ada"}. */
function textOf(entry: Record<string, unknown>): string | undefined {
  const [text] = valuesOf(entry, TEXT).filter((value) => typeof value === "string");
  const fields = Object.entries(entry);
  if (text === undefined) {
    const [only] = fields;
    if (only === undefined || fields.length > 1 || !/\p{L}/u.test(only[0])) return undefined;
    const [label, value] = only;
    const isSimple =
      typeof value === "string" || (OF_A_PERSON.has(plain(label)) && typeof value === "number");
    if (isSimple) return `${label}: ${value}`;
    const isList = Array.isArray(value) && value.length > 0 && value.every((one) => typeof one === "string");
    return isList ? `${label}: ${value.join(", ")}` : undefined;
  }
  const isValue = valuesOf(entry, ["value"])[0] === text;
  const label = fields.find(([name, value]) => LABEL.has(plain(name)) && typeof value === "string")?.[1];
  return isValue && label !== undefined ? `${String(label)}: ${text}` : text;
}

/** The texts and numbers in these fields, in the order of the names. */
function valuesOf(entry: Record<string, unknown>, names: readonly string[]): (string | number)[] {
  const fields = new Map(Object.entries(entry).map(([name, value]) => [plain(name), value]));
  return names
    .map((name) => fields.get(name))
    .filter((value) => typeof value === "string" || typeof value === "number");
}

function hasAny(entry: Record<string, unknown>, names: readonly string[]): boolean {
  return valuesOf(entry, names).length > 0;
}

function actionOf(name: string): Action | undefined {
  return ACTIONS.find((action) => NAMES[action].has(plain(name)));
}

function plain(name: string): string {
  return name.toLowerCase().replace(/[^a-z]/g, "");
}

function words(text: string): ReadonlySet<string> {
  return new Set(text.split(" "));
}
