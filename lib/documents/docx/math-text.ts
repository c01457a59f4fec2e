import { childOf, childrenOf, isNode, propertyValue, type XmlNode } from "#lib/documents/docx/xml-node.ts";

/** What needs no brackets: a number or a letter. */
const SIMPLE = /^(?:[\p{N}.]*|\p{L})$/u;

/** An equation on one line, as people type them: `x=(-b±sqrt(b^2-4ac))/(2a)`. */
export function mathText(node: XmlNode): string {
  switch (node.name) {
    case "m:f":
      return `${bracketed(part(node, "m:num"))}/${bracketed(part(node, "m:den"))}`;
    case "m:sSup":
      return `${part(node, "m:e")}^${bracketed(part(node, "m:sup"))}`;
    case "m:sSub":
      return `${part(node, "m:e")}_${bracketed(part(node, "m:sub"))}`;
    case "m:sSubSup":
      return `${part(node, "m:e")}_${bracketed(part(node, "m:sub"))}^${bracketed(part(node, "m:sup"))}`;
    case "m:rad":
      return rootText(node);
    case "m:nary":
      return naryText(node);
    case "m:d":
      return delimitedText(node);
    case "m:m":
      return `[${childrenOf(node, "m:mr")
        .map((row) => childrenOf(row, "m:e").map(inner).join(", "))
        .join("; ")}]`;
    case "m:func":
      return `${part(node, "m:fName")}(${part(node, "m:e")})`;
    case "m:t":
    case "w:t":
      return node.children.filter((child) => !isNode(child)).join("");
    default:
      return node.name.endsWith("Pr") ? "" : inner(node);
  }
}

function inner(node: XmlNode): string {
  return node.children.map((child) => (isNode(child) ? mathText(child) : "")).join("");
}

function part(node: XmlNode, name: string): string {
  const found = childOf(node, name);
  return found === undefined ? "" : inner(found);
}

function bracketed(text: string): string {
  return SIMPLE.test(text) ? text : `(${text})`;
}

function rootText(node: XmlNode): string {
  const degree = part(node, "m:deg");
  return degree === "" ? `sqrt(${part(node, "m:e")})` : `root(${degree}, ${part(node, "m:e")})`;
}

/** Sums, products, integrals. */
function naryText(node: XmlNode): string {
  const sign = attributeOf(childOf(node, "m:naryPr"), "m:chr") ?? "∫";
  const [below, above] = [part(node, "m:sub"), part(node, "m:sup")];
  const from = below === "" ? "" : `_${bracketed(below)}`;
  const to = above === "" ? "" : `^${bracketed(above)}`;
  return `${sign}${from}${to} ${part(node, "m:e")}`;
}

function delimitedText(node: XmlNode): string {
  const properties = childOf(node, "m:dPr");
  const begin = attributeOf(properties, "m:begChr") ?? "(";
  const end = attributeOf(properties, "m:endChr") ?? ")";
  return `${begin}${childrenOf(node, "m:e")
    .map(inner)
    .join(attributeOf(properties, "m:sepChr") ?? "|")}${end}`;
}

function attributeOf(properties: XmlNode | undefined, name: string): string | undefined {
  return childOf(properties, name)?.attributes.get("m:val") ?? propertyValue(properties, name);
}
