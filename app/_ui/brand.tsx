"use client";

import { createContext, type ReactNode, useContext } from "react";

/** What an operator may call this gateway: docs/MAKE-IT-YOURS.md. */
type Brand = { appName: string; companyName: string | undefined; logoPath: string | undefined };

const BrandContext = createContext<Brand>({ appName: "", companyName: undefined, logoPath: undefined });

export function BrandProvider({ brand, children }: { brand: Brand; children: ReactNode }) {
  return <BrandContext value={brand}>{children}</BrandContext>;
}

/** The operator's names, as the server rendered them. */
export function useBrand(): Brand {
  return useContext(BrandContext);
}
