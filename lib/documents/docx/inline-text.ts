import { Fields, linkTarget } from "#lib/documents/docx/fields.ts";
import { mathText } from "#lib/documents/docx/math-text.ts";
import { symbolText, withoutPrivateCodes } from "#lib/documents/docx/symbols.ts";
import { childOf, isNode, isOn, type XmlNode } from "#lib/documents/docx/xml-node.ts";
import { markdownLink } from "#lib/documents/markdown-link.ts";
import { superscript } from "#lib/documents/superscript.ts";

/** What paragraphs name, and where their notes go. */
export type InlineContext = {
  /** Targets of links by id. */
  links: ReadonlyMap<string, string>;
  /** The mark of a note in the text, such as `[^1]`. */
  noteMark(kind: "footnote" | "endnote", id: string): string;
  comments: ReadonlyMap<string, string>;
};

export type InlineText = {
  text: string;
  /** Whether all of it is bold, as in headings that have no style. */
  isBold: boolean;
  /** Contents of the text boxes that are anchored in it. */
  boxes: readonly XmlNode[];
};

type Run = { font: string | undefined; isBold: boolean; isRaised: boolean };

/** Not text: properties, what was deleted, code, and readings above characters. */
const IGNORED: ReadonlySet<string> = new Set([
  "w:pPr",
  "w:rPr",
  "w:del",
  "w:moveFrom",
  "w:delText",
  "w:delInstrText",
  "w:rt",
  "w:sdtPr",
]);

/** Reads the text of paragraphs, one after the other. */
export class InlineReader {
  readonly #context: InlineContext;
  readonly #fields = new Fields();
  #boxes: XmlNode[] = [];
  #text = "";
  #boldCharacters = 0;
  #run: Run = { font: undefined, isBold: false, isRaised: false };

  constructor(context: InlineContext) {
    this.#context = context;
  }

  read(paragraph: XmlNode): InlineText {
    this.#boxes = [];
    this.#text = "";
    this.#boldCharacters = 0;
    this.#children(paragraph);
    const text = this.#text;
    const visible = text.replace(/\s/g, "").length;
    return { text, isBold: visible > 0 && this.#boldCharacters === visible, boxes: this.#boxes };
  }

  #children(node: XmlNode): void {
    for (const child of node.children) if (isNode(child)) this.#element(child);
  }

  #element(node: XmlNode): void {
    if (IGNORED.has(node.name)) return;
    const write = WRITERS[node.name];
    if (write !== undefined) this.#write(write(node, this.#run, this.#context));
    else this.#structure(node);
  }

  #structure(node: XmlNode): void {
    switch (node.name) {
      case "w:r":
        return this.#readRun(node);
      case "w:fldChar":
        return this.#write(this.#fields.mark(node));
      case "w:instrText":
        return this.#fields.instruction(node);
      case "w:fldSimple":
        return this.#link(linkTarget(node.attributes.get("w:instr") ?? ""), node);
      case "w:hyperlink":
        return this.#link(this.#context.links.get(node.attributes.get("r:id") ?? ""), node);
      case "w:txbxContent":
        this.#boxes.push(node);
        return;
      default:
        return this.#children(node);
    }
  }

  #readRun(node: XmlNode): void {
    const properties = childOf(node, "w:rPr");
    // Hidden text is seen by nobody who reads the document, so it must not steer who reads it here.
    if (isOn(properties, "w:vanish")) return this.#marksOf(node);
    const fonts = childOf(properties, "w:rFonts")?.attributes;
    this.#run = {
      font: fonts?.get("w:ascii") ?? fonts?.get("w:hAnsi"),
      isBold: isOn(properties, "w:b"),
      isRaised: childOf(properties, "w:vertAlign")?.attributes.get("w:val") === "superscript",
    };
    const target = this.#fields.isCode ? undefined : this.#fields.target;
    if (isOn(properties, "w:strike") || isOn(properties, "w:dstrike"))
      this.#wrapped(node, (text) => `~~${text}~~`);
    else if (target !== undefined) this.#link(target, node);
    else this.#children(node);
  }

  /** Only marks of fields, which are in force whether they are seen or not. */
  #marksOf(node: XmlNode): void {
    for (const child of node.children) {
      if (isNode(child) && (child.name === "w:fldChar" || child.name === "w:instrText"))
        this.#structure(child);
    }
  }

  #link(target: string | undefined, node: XmlNode): void {
    if (target === undefined) this.#children(node);
    else this.#wrapped(node, (text) => markdownLink(text, target));
  }

  #wrapped(node: XmlNode, wrap: (text: string) => string): void {
    const before = this.#text;
    this.#text = "";
    this.#children(node);
    const inner = this.#text;
    this.#text = before + (inner.trim() === "" ? inner : wrap(inner));
  }

  #write(text: string): void {
    if (text === "" || this.#fields.isCode) return;
    this.#text += text;
    if (this.#run.isBold) this.#boldCharacters += text.replace(/\s/g, "").length;
  }
}

type Writer = (node: XmlNode, run: Run, context: InlineContext) => string;

/** The elements that are text themselves. */
const WRITERS: Readonly<Record<string, Writer>> = {
  "w:t": (node, { font, isRaised }) => {
    const text = withoutPrivateCodes(ownText(node), font);
    return isRaised ? superscript(text) : text;
  },
  "w:tab": () => "\t",
  "w:ptab": () => "\t",
  "w:br": () => "\n",
  "w:cr": () => "\n",
  "w:noBreakHyphen": () => "-",
  "w:softHyphen": () => "",
  "w:sym": (node) => {
    return symbolText(
      node.attributes.get("w:font"),
      Number.parseInt(node.attributes.get("w:char") ?? "", 16) || 0,
    );
  },
  "w:footnoteReference": (node, _, context) =>
    context.noteMark("footnote", node.attributes.get("w:id") ?? ""),
  "w:endnoteReference": (node, _, context) => context.noteMark("endnote", node.attributes.get("w:id") ?? ""),
  "w:commentReference": (node, _, { comments }) => {
    const comment = comments.get(node.attributes.get("w:id") ?? "");
    return comment === undefined ? "" : ` [Comment: ${comment}]`;
  },
  "m:oMath": (node) => mathText(node),
  "wp:docPr": (node) => imageText(node.attributes.get("descr")),
  "v:imagedata": (node) => imageText(node.attributes.get("title")),
};

function ownText(node: XmlNode): string {
  return node.children
    .filter((child) => !isNode(child))
    .join("")
    .replaceAll("\u00ad", "");
}

/** Images that nobody has described say nothing to who cannot see them. */
function imageText(description: string | undefined): string {
  const text = description?.trim() ?? "";
  return text === "" ? "" : `[image: ${text}]`;
}
