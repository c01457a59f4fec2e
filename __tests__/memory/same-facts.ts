/** Pairs of facts that say the same. */
export const SAME_FACTS: readonly [string, string][] = [
  ["Lives in Bergen", "lives in  bergen."],
  ["Name is Ada", "NAME IS: ADA!"],
  ["Mag Kaffee", "mag „Kaffee“"],
  ["喜欢爬山", "喜欢 爬山。"],
  ["Ｆｕｌｌ width", "full width"],
  ["Had Covid-19", "had covid 19"],
  ["Pays 1.5 euros", "pays 1,5 euros"],
];

/** Pairs that look alike and do not: signs and numbers say something. */
export const OTHER_FACTS: readonly [string, string][] = [
  ["Takes 1.5 mg", "Takes 15 mg"],
  ["Has room 1 2", "Has room 12"],
  ["Gets up at 6:30", "Gets up at 630"],
  ["Freezer is at -18 degrees", "Freezer is at 18 degrees"],
  ["Writes C", "Writes C++"],
  ["Writes C", "Writes C#"],
  ["Eats 1/2 a pill", "Eats 12 a pill"],
  ["Earns 5%", "Earns 5 €"],
];
