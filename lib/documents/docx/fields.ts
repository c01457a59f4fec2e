import { childOf, isNode, isOn, type XmlNode } from "#lib/documents/docx/xml-node.ts";

type Field = { instruction: string; isResult: boolean; checkBox: string | undefined };

/** An address in quotes or without; `\l` is a place in the document. */
const HYPERLINK = /^\s{0,99}HYPERLINK\s{1,99}(?:"([^"]{1,2000})"|([^\s"\\]{1,2000}))/i;
const MAX_INSTRUCTION = 4_000;
/** Fields in fields; Word has few. */
const MAX_OPEN = 100;

/**
 * Fields such as page numbers, references and links are written as a code and its last result, with marks around
 * them that may stand in other paragraphs. Only results are text.
 */
export class Fields {
  readonly #open: Field[] = [];

  /** Whether what comes now is a field's code. */
  get isCode(): boolean {
    return this.#open.some(({ isResult }) => !isResult);
  }

  /** Target of the link that what comes now is the text of. */
  get target(): string | undefined {
    for (const { instruction } of this.#open.toReversed()) {
      const target = linkTarget(instruction);
      if (target !== undefined) return target;
    }
    return undefined;
  }

  /** Takes a mark. Returns the text that it stands for. */
  mark(node: XmlNode): string {
    const type = node.attributes.get("w:fldCharType");
    if (type === "begin" && this.#open.length < MAX_OPEN)
      this.#open.push({ instruction: "", isResult: false, checkBox: checkBoxText(node) });
    else if (type === "separate") {
      const field = this.#open.at(-1);
      if (field !== undefined) field.isResult = true;
    } else if (type === "end") {
      const field = this.#open.pop();
      if (field?.instruction.includes("FORMCHECKBOX") === true && !this.isCode) return field.checkBox ?? "";
    }
    return "";
  }

  instruction(node: XmlNode): void {
    const field = this.#open.at(-1);
    if (field === undefined || field.instruction.length > MAX_INSTRUCTION) return;
    field.instruction += node.children.filter((child) => !isNode(child)).join("");
  }
}

/** The address in a link's code; undefined for other fields. */
export function linkTarget(instruction: string): string | undefined {
  const match = HYPERLINK.exec(instruction);
  return match?.[1] ?? match?.[2];
}

function checkBoxText(node: XmlNode): string | undefined {
  const box = childOf(childOf(node, "w:ffData"), "w:checkBox");
  if (box === undefined) return undefined;
  const isChecked = childOf(box, "w:checked") === undefined ? isOn(box, "w:default") : isOn(box, "w:checked");
  return isChecked ? "☒" : "☐";
}
