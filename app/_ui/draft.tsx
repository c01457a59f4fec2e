"use client";

import { createContext, useContext } from "react";

/** Adds words to the message that is being written, and moves the focus there. */
export type WriteDraft = (text: string) => void;

const DraftContext = createContext<WriteDraft | undefined>(undefined);

export const DraftProvider = DraftContext.Provider;

/** Undefined on a page where nobody writes a message. */
export function useWriteDraft(): WriteDraft | undefined {
  return useContext(DraftContext);
}
