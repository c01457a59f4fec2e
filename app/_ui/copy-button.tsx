"use client";

import { useEffect, useState } from "react";
import { commonStrings } from "../_strings/common.ts";
import { Button, IconButton } from "./button.tsx";
import { copyText } from "./copy-text.ts";

/** How long the button says that it has copied, milliseconds. */
const SHOWN_MS = 2_000;

type State = "idle" | "copied" | "failed";
const TEXTS = { idle: commonStrings.copy, copied: commonStrings.copied, failed: commonStrings.copyFailed };

/** Copies a text. With a `label` the button shows it; without, it is an icon. */
export function CopyButton({ text, label }: { text: string; label?: string }) {
  const [state, setState] = useState<State>("idle");
  useEffect(() => {
    if (state === "idle") return;
    const timer = setTimeout(() => setState("idle"), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [state]);
  const copy = (): void => {
    void copyText(text).then((isCopied) => setState(isCopied ? "copied" : "failed"));
  };
  const icon = state === "copied" ? "check" : state === "failed" ? "warning" : "copy";
  return (
    <>
      {label === undefined ? (
        <IconButton label={TEXTS[state]} icon={icon} onClick={copy} />
      ) : (
        <Button size="sm" icon={icon} onClick={copy}>
          {state === "idle" ? label : TEXTS[state]}
        </Button>
      )}
      <span role="status" className="sr-only">
        {state === "idle" ? "" : TEXTS[state]}
      </span>
    </>
  );
}
