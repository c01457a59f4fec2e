import { z } from "zod";
import { type ImageSize, MAX_SIDE, MIN_SIDE } from "#lib/images/image-request.ts";

const SIZE = /^(\d{1,5})[x×](\d{1,5})$/i;

export const sideSchema = z.int().min(MIN_SIDE).max(MAX_SIDE);

/** `1024x1024`, or `auto` for the engine's choice. */
export const sizeSchema = z
  .string()
  .max(20)
  .refine(isSize, `must be "auto" or a size such as 1024x1024, with sides from ${MIN_SIDE} to ${MAX_SIDE}`);

/** What `sizeSchema` accepts; undefined for `auto`. */
export function readSize(text: string | null | undefined): ImageSize | undefined {
  const [, width, height] = SIZE.exec(text ?? "") ?? [];
  return width === undefined || height === undefined
    ? undefined
    : { width: Number(width), height: Number(height) };
}

function isSize(text: string): boolean {
  if (text === "auto" || text === "") return true;
  const size = readSize(text);
  return size !== undefined && [size.width, size.height].every((side) => sideSchema.safeParse(side).success);
}
