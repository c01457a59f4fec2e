"use client";

import { createContext, type ReactNode, useContext } from "react";
import { safeImage, storedImage } from "#lib/browser/markdown/link-policy.ts";
import type { SafeImage } from "#lib/browser/markdown/tree.ts";

const PrefixesContext = createContext<readonly string[]>([]);

type ProviderProps = { prefixes: readonly string[]; children: ReactNode };

/** @param prefixes where the addresses of the operator's object storage begin. */
export function StorageProvider({ prefixes, children }: ProviderProps) {
  return <PrefixesContext value={prefixes}>{children}</PrefixesContext>;
}

/** The address of a picture, if a page may load it: from the text itself, our own origin, or the storage. */
export function useLoadableImage(src: string): SafeImage | undefined {
  const prefixes = useContext(PrefixesContext);
  return safeImage(src) ?? storedImage(src, prefixes);
}
