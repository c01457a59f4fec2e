"use client";

import { type RefObject, useState } from "react";

export type DictationState = {
  isOpen: boolean;
  /** The gateway has said that it cannot write down speech. */
  isOff: boolean;
  open: () => void;
  /** The focus goes to the message. */
  close: () => void;
  setOff: () => void;
};

/** Whether somebody dictates. */
export function useDictation(field: RefObject<HTMLTextAreaElement | null>): DictationState {
  const [isOpen, setIsOpen] = useState(false);
  const [isOff, setIsOff] = useState(false);
  return {
    isOpen,
    isOff,
    open: () => setIsOpen(true),
    close: () => {
      setIsOpen(false);
      field.current?.focus();
    },
    setOff: () => setIsOff(true),
  };
}
