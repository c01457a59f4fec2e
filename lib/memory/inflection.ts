/** Endings of English verbs that end with an e: "live", "living". */
const OF_E = endings("e es ed ing");
/** Behind a word as short as "cat". */
const SHORT = endings("s es ed ing");
/** Of verbs as short as "vivo", "habe", "живу", whose stem alone is no word. */
const OF_STEM = endings("o e a i t st en ut у ю е и ет ит ем им ешь ишь ут ют ал ла");
/** Of longer words in the languages of the gate; not those that make another word of one, such as "ia", "er", "ity". */
const LONG = endings(
  "s es d ed ing e en n t te st ten o a i as os es is am m em om ie u y r ar ir re t ent ez ons et ne " +
    "а я у ю е и ы о ой ей ет ит ем им ам ам ом ах ешь ишь ут ют ат ят ал ла ть",
);

function endings(text: string): ReadonlySet<string> {
  return new Set(text.split(" "));
}

/**
 * Whether two folded words are beyond doubt forms of one: "live" and "living", "cat" and "cats", but not "cat" and
 * "catering", "Bergen" and "Bergamo", "Austria" and "Australia".
 */
export function areInflections(a: string, b: string): boolean {
  if (a === b) return true;
  if (/\d/.test(a)) return false;
  let length = 0;
  while (length < a.length && a[length] === b[length]) length += 1;
  const [first, second] = [a.slice(length), b.slice(length)];
  if (length < 2) return false;
  if (OF_E.has(first) && OF_E.has(second)) return true;
  if (length < 3) return false;
  const last = a.charAt(length - 1);
  const either = (ends: ReadonlySet<string>): boolean =>
    (first === "" && ends.has(second)) || (second === "" && ends.has(first));
  if (either(SHORT) || either(endings(`${last}ing ${last}ed`))) return true;
  if (OF_STEM.has(first) && OF_STEM.has(second)) return true;
  return length > 3 && (either(LONG) || (LONG.has(first) && LONG.has(second)));
}
