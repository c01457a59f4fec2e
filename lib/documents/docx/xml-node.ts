import type { Attributes } from "#lib/documents/xml/attributes.ts";

/** An element that is kept whole: a paragraph, or a row of a table. Names are as in `namespaces.ts`. */
export type XmlNode = { name: string; attributes: Attributes; children: (XmlNode | string)[] };

export function isNode(child: XmlNode | string): child is XmlNode {
  return typeof child !== "string";
}

/** The first child of that name. */
export function childOf(node: XmlNode | undefined, name: string): XmlNode | undefined {
  return node?.children.find((child): child is XmlNode => isNode(child) && child.name === name);
}

export function childrenOf(node: XmlNode | undefined, name: string): XmlNode[] {
  return node?.children.filter((child): child is XmlNode => isNode(child) && child.name === name) ?? [];
}

/** The value of a property: `<w:pStyle w:val="Heading1"/>`. */
export function propertyValue(node: XmlNode | undefined, name: string): string | undefined {
  return childOf(node, name)?.attributes.get("w:val");
}

/** A property that is on when it is there, unless its value says that it is off. */
export function isOn(node: XmlNode | undefined, name: string): boolean {
  const property = childOf(node, name);
  if (property === undefined) return false;
  const value = property.attributes.get("w:val");
  return value !== "0" && value !== "false" && value !== "off" && value !== "none";
}
