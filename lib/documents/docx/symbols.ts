/** Characters of fonts that have signs in the places of letters, by the code in the font. */
const WINGDINGS: ReadonlyMap<number, string> = pairs(
  "28☎2a✉36⌛3e✇41✌43👍44👎46☞4a☺4b😐4c☹4e☠52☀54❄6c●6e■6f□70❐71❑72❒73⬧74⧫75◆76❖77⬥78⌧7b❀7e❞" +
    "80⓪81①82②83③84④85⑤86⑥87⑦88⑧89⑨8a⑩8b⓿8c❶8d❷8e❸8f❹90❺91❻92❼93❽94❾95❿9e·9f•a1○a2○a4◉a7▪a8◻aa✦ab★ac✶" +
    "d5⌫d8➢dc➲df←e0→e1↑e2↓e8➔ef⇦f0⇨f1⇧f2⇩f3⬄f4⇳fb✗fc✓fd☒fe☑",
);
const WINGDINGS_2: ReadonlyMap<number, string> = pairs("4f✗50✓51☒52☑53☒54☒97●98●a2■a3□a4▣");
const WINGDINGS_3: ReadonlyMap<number, string> = pairs("21→22↑23↓66←67→68↑69↓7d▶84◀");
const SYMBOL: ReadonlyMap<number, string> = pairs(
  "22∀24∃27∋2a∗2d−40≅41Α42Β43Χ44Δ45Ε46Φ47Γ48Η49Ι4aϑ4bΚ4cΛ4dΜ4eΝ4fΟ50Π51Θ52Ρ53Σ54Τ55Υ56ς57Ω58Ξ59Ψ5aΖ5c∴5e⊥" +
    "61α62β63χ64δ65ε66φ67γ68η69ι6aϕ6bκ6cλ6dμ6eν6fο70π71θ72ρ73σ74τ75υ76ϖ77ω78ξ79ψ7aζ7e∼a0€a2′a3≤a5∞a7♣a8♦a9♥aa♠" +
    "ab↔ac←ad↑ae→af↓b0°b1±b2″b3≥b4×b5∝b6∂b7•b8÷b9≠ba≡bb≈bc…c0ℵc4⊗c5⊕c6∅c7∩c8∪c9⊃ca⊇cb⊄cc⊂cd⊆ce∈cf∉d0∠d1∇d5∏d6√d7⋅d8¬d9∧da∨db⇔dc⇐dd⇑de⇒df⇓e5∑f2∫",
);

const FONTS: Readonly<Record<string, ReadonlyMap<number, string>>> = {
  wingdings: WINGDINGS,
  "wingdings 2": WINGDINGS_2,
  "wingdings 3": WINGDINGS_3,
  symbol: SYMBOL,
};

/** Where Word puts the codes of such fonts. */
const PRIVATE = /[\uf020-\uf0ff]/g;
const PRIVATE_BASE = 0xf000;

/** The character that people see; nothing if it is not known. */
export function symbolText(font: string | undefined, code: number): string {
  const inFont = code >= PRIVATE_BASE && code <= PRIVATE_BASE + 0xff ? code - PRIVATE_BASE : code;
  const known = FONTS[font?.toLowerCase() ?? ""]?.get(inFont);
  if (known !== undefined) return known;
  const isLetter = inFont === code && code >= 0x20 && code <= 0xffff;
  return isLetter && FONTS[font?.toLowerCase() ?? ""] === undefined ? String.fromCharCode(code) : "";
}

/** Text with the codes of such fonts replaced. */
export function withoutPrivateCodes(text: string, font: string | undefined): string {
  return text.replace(PRIVATE, (sign) => symbolText(font ?? "Symbol", sign.charCodeAt(0)));
}

/** @param text Two hexadecimal digits and a character, over and over. */
function pairs(text: string): Map<number, string> {
  const found = new Map<number, string>();
  const characters = [...text];
  for (let at = 0; at + 2 < characters.length; at += 3) {
    found.set(Number.parseInt(`${characters[at]}${characters[at + 1]}`, 16), characters[at + 2] ?? "");
  }
  return found;
}
