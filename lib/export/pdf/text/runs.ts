import type { CodeNode } from "#lib/browser/highlight.ts";
import type { Inline } from "#lib/export/markdown/tree.ts";
import type { Look, Picture, Run } from "#lib/export/pdf/text/run.ts";
import { CODE_COLOURS, COLOURS } from "#lib/export/pdf/theme.ts";

/** Makes a picture fit its place; undefined if it cannot be read. */
export type PictureFor = (bytes: Uint8Array, alt: string) => Picture | undefined;

/** Of text that is set smaller above or below the line, times the size around it. */
const SMALLER = 0.7;
const MONO_SIZE = 0.92;

export function plainLook(size: number, colour: string = COLOURS.text): Look {
  return {
    ...{ bold: false, italic: false, mono: false, underline: false, strike: false },
    ...{ size, colour, rise: 0, background: undefined, link: undefined },
  };
}

/** The runs of inline nodes. */
export function runsOf(nodes: readonly Inline[], look: Look, pictureFor: PictureFor): Run[] {
  return nodes.flatMap((node): Run[] => {
    switch (node.kind) {
      case "text":
        return [{ kind: "text", text: softBreaksAsSpaces(node.text), look }];
      case "break":
        return [{ kind: "text", text: "\n", look }];
      case "code":
        return [{ kind: "text", text: softBreaksAsSpaces(node.text), look: codeLook(look) }];
      case "note":
        return [{ kind: "text", text: `${node.number}`, look: noteLook(look, node.number) }];
      case "image":
        return [pictureRun(node.bytes, node.alt, look, pictureFor)];
      case "link":
        return runsOf(node.children, { ...look, colour: COLOURS.link, link: node.href }, pictureFor);
      default:
        return runsOf(node.children, emphasizedLook(look, node.kind), pictureFor);
    }
  });
}

/** A line break in the source of a paragraph is a space, and several spaces are one. */
function softBreaksAsSpaces(text: string): string {
  return text.replaceAll("\n", " ").replace(/ {2,}/g, " ");
}

function pictureRun(bytes: Uint8Array, alt: string, look: Look, pictureFor: PictureFor): Run {
  const picture = pictureFor(bytes, alt);
  if (picture !== undefined) return { kind: "picture", picture, look };
  return { kind: "text", text: alt, look: { ...look, italic: true, colour: COLOURS.muted } };
}

function codeLook(look: Look): Look {
  return { ...look, mono: true, size: look.size * MONO_SIZE, background: look.background ?? COLOURS.panel };
}

function noteLook(look: Look, number: number): Look {
  return { ...raised(look), colour: COLOURS.link, link: `#note-${number}` };
}

function raised(look: Look): Look {
  return { ...look, size: look.size * SMALLER, rise: look.rise + look.size * 0.35 };
}

function emphasizedLook(
  look: Look,
  kind: "strong" | "emphasis" | "strike" | "underline" | "superscript" | "subscript",
): Look {
  switch (kind) {
    case "strong":
      return { ...look, bold: true };
    case "emphasis":
      return { ...look, italic: true };
    case "strike":
      return { ...look, strike: true };
    case "underline":
      return { ...look, underline: true };
    case "superscript":
      return raised(look);
    case "subscript":
      return { ...look, size: look.size * SMALLER, rise: look.rise - look.size * 0.15 };
  }
}

/** The runs of highlighted code. */
export function codeRuns(nodes: readonly CodeNode[], look: Look): Run[] {
  return nodes.flatMap((node): Run[] => {
    if (typeof node === "string") return [{ kind: "text", text: expandTabs(node), look }];
    const colour = CODE_COLOURS[node.scope] ?? CODE_COLOURS[node.scope.split(".")[0] ?? ""] ?? look.colour;
    return codeRuns(node.children, { ...look, colour });
  });
}

function expandTabs(text: string): string {
  return text.replaceAll("\t", "    ");
}
