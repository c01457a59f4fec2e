import type { JsonObject } from "#lib/shared/json.ts";

/** A field of a form, or a file in it. */
export type MultipartPart =
  | { name: string; value: string }
  | { name: string; fileName: string; contentType: string; bytes: Uint8Array };

/** The body of a request with its format. */
export type RequestBody =
  | {
      kind: "json";
      body: JsonObject;
      /** The body is megabytes long and is serialised in steps. */
      isLarge?: boolean | undefined;
    }
  | { kind: "bytes"; bytes: Uint8Array; contentType: string }
  | { kind: "multipart"; parts: readonly MultipartPart[] };

/** No body: the request is a GET. */
export type NoBody = { kind: "none" };

/** A request in the provider's shape, without its credential. */
export type EngineRequest = {
  /** Appended to the engine's base URL. */
  path: string;
  headers: Readonly<Record<string, string>>;
} & (RequestBody | NoBody);
