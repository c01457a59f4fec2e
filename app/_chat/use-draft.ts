"use client";

import { type RefObject, useCallback, useRef, useState } from "react";

/** `message` of the contract, UTF-16 units. */
export const MAX_LENGTH = 200_000;

/** The message that is being written. */
export function useDraft(): {
  text: string;
  setText: (text: string) => void;
  /** Adds words at its end, and moves the focus there. */
  add: (words: string) => void;
  field: RefObject<HTMLTextAreaElement | null>;
} {
  const [text, setText] = useState("");
  const field = useRef<HTMLTextAreaElement>(null);
  const add = useCallback((words: string) => {
    setText((old) => `${old}${old === "" || /\s$/.test(old) ? "" : " "}${words}`.slice(0, MAX_LENGTH));
    field.current?.focus();
    // Behind the new words, when they are there.
    requestAnimationFrame(() => field.current?.setSelectionRange(MAX_LENGTH, MAX_LENGTH));
  }, []);
  return { text, setText, add, field };
}
