import { deflateSync } from "node:zlib";

/** An object of a PDF: a dictionary or value as text, or a stream with its dictionary's entries. */
export type PdfObject = string | { entries?: string; stream: string | Uint8Array; compress?: boolean };

/** A PDF of numbered objects, the first of which is the catalog; with a table of places unless told otherwise. */
export function pdfOf(
  objects: readonly PdfObject[],
  options: { xref?: boolean; trailer?: string } = {},
): Uint8Array {
  const parts: Buffer[] = [Buffer.from("%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", "latin1")];
  const offsets: number[] = [];
  let length = parts[0]?.length ?? 0;
  const write = (part: Buffer): void => {
    parts.push(part);
    length += part.length;
  };
  for (const [index, object] of objects.entries()) {
    offsets.push(length);
    write(Buffer.from(`${index + 1} 0 obj\n`));
    write(objectBytes(object));
    write(Buffer.from("\nendobj\n"));
  }
  const start = length;
  if (options.xref !== false) {
    const rows = offsets.map((offset) => `${String(offset).padStart(10, "0")} 00000 n \n`).join("");
    write(Buffer.from(`xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${rows}`));
  }
  const trailer = options.trailer ?? "";
  write(
    Buffer.from(
      `trailer\n<< /Size ${objects.length + 1} /Root 1 0 R ${trailer}>>\nstartxref\n${start}\n%%EOF\n`,
    ),
  );
  return new Uint8Array(Buffer.concat(parts));
}

function objectBytes(object: PdfObject): Buffer {
  if (typeof object === "string") return Buffer.from(object, "latin1");
  const data =
    typeof object.stream === "string" ? Buffer.from(object.stream, "latin1") : Buffer.from(object.stream);
  const bytes = object.compress === true ? deflateSync(data) : data;
  const filter = object.compress === true ? "/Filter /FlateDecode " : "";
  const head = `<< /Length ${bytes.length} ${filter}${object.entries ?? ""}>>\nstream\n`;
  return Buffer.concat([Buffer.from(head, "latin1"), bytes, Buffer.from("\nendstream")]);
}

/** A PDF with one page for each content stream, in Helvetica (`/F1`). */
export function pdfWithPages(contents: readonly string[], options: { compress?: boolean } = {}): Uint8Array {
  const first = 4;
  const kids = contents.map((_, index) => `${first + index * 2} 0 R`).join(" ");
  const objects: PdfObject[] = [
    "<< /Type /Catalog /Pages 2 0 R >>",
    `<< /Type /Pages /Kids [${kids}] /Count ${contents.length} /MediaBox [0 0 595 842] >>`,
    "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
  ];
  for (const [index, content] of contents.entries()) {
    const stream = first + index * 2 + 1;
    objects.push(
      `<< /Type /Page /Parent 2 0 R /Contents ${stream} 0 R /Resources << /Font << /F1 3 0 R >> >> >>`,
      { stream: content, compress: options.compress === true },
    );
  }
  return pdfOf(objects);
}

/** The operators that show lines of text, from the top of a page. */
export function textLines(lines: readonly string[], size = 12): string {
  const shown = lines.map((line) => `(${line.replace(/[\\()]/g, "\\$&")}) Tj T*`);
  return `BT /F1 ${size} Tf ${size * 1.4} TL 72 770 Td\n${shown.join("\n")}\nET`;
}
