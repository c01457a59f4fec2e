/**
 * The whole answer of an engine that speaks, transcribes or draws. Which of the two it is, its content type decides:
 * one and the same model may answer JSON or the bytes themselves.
 */
export type MediaAnswer =
  | { kind: "json"; body: unknown }
  | { kind: "bytes"; bytes: Uint8Array; contentType: string };
