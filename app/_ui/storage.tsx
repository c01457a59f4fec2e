"use client";

import { createContext, type ReactNode, useContext } from "react";
import { safeImage, storedImage } from "#lib/browser/markdown/link-policy.ts";
import type { SafeImage } from "#lib/browser/markdown/tree.ts";

const PrefixContext = createContext<string | undefined>(undefined);

/** @param prefix where the addresses of the operator's object storage begin. */
export function StorageProvider({ prefix, children }: { prefix: string | undefined; children: ReactNode }) {
  return <PrefixContext value={prefix}>{children}</PrefixContext>;
}

/** The address of a picture, if a page may load it: from the text itself, our own origin, or the storage. */
export function useLoadableImage(src: string): SafeImage | undefined {
  const prefix = useContext(PrefixContext);
  return safeImage(src) ?? storedImage(src, prefix);
}
