"use client";

import { useEffect, useState } from "react";
import { ApiError, callApi } from "#lib/browser/api.ts";
import { runsOnSandbox } from "#lib/browser/health.ts";
import { chatStrings } from "../_strings/chat.ts";
import { Icon } from "../_ui/icon.tsx";

const texts = chatStrings.empty;

/** What a visitor sees first: what this is, and something to try. */
export function EmptyChat({ ask }: { ask: (text: string) => void }) {
  const isSandbox = useIsSandbox();
  return (
    <div className="mx-auto w-full max-w-2xl px-4 py-8">
      <h2 className="text-2xl font-semibold tracking-tight text-balance">{texts.title}</h2>
      <p className="mt-2 text-muted">{texts.text}</p>
      <Examples examples={texts.examples} ask={ask} />
      {isSandbox ? (
        <>
          <p className="mt-8 text-sm text-muted">{texts.sandbox}</p>
          <Examples examples={texts.sandboxExamples} ask={ask} />
        </>
      ) : null}
    </div>
  );
}

function Examples({ examples, ask }: { examples: readonly string[]; ask: (text: string) => void }) {
  return (
    <ul className="mt-4 grid gap-2 sm:grid-cols-3">
      {examples.map((example) => (
        <li key={example} className="flex">
          <button
            type="button"
            onClick={() => ask(example)}
            className="flex w-full items-start justify-between gap-2 rounded-xl border border-line bg-raised p-3 text-left text-sm hover:border-strong-line hover:bg-panel"
          >
            {example}
            <Icon name="chevron-right" size={16} className="mt-0.5 text-muted" />
          </button>
        </li>
      ))}
    </ul>
  );
}

/** Whether the built-in sandbox answers, which fails on command. */
function useIsSandbox(): boolean {
  const [isSandbox, setIsSandbox] = useState(false);
  useEffect(() => {
    callApi("/api/health").then(
      (answer) => setIsSandbox(runsOnSandbox(answer)),
      (error: unknown) => {
        if (!(error instanceof ApiError)) throw error;
        setIsSandbox(false);
      },
    );
  }, []);
  return isSandbox;
}
