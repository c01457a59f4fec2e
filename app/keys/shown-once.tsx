"use client";

import { useEffect, useState } from "react";
import { ApiError, sendToApi } from "#lib/browser/api.ts";
import { keysStrings } from "../_strings/keys.ts";
import { Button } from "../_ui/button.tsx";
import { CodeBlock } from "../_ui/code-block.tsx";
import { CopyButton } from "../_ui/copy-button.tsx";
import { Dialog } from "../_ui/dialog.tsx";
import { Alert } from "../_ui/surfaces.tsx";
import { Tabs } from "../_ui/tabs.tsx";
import { snippetsFor } from "./snippets.ts";

type ShownProps = { secret: string; appUrl: string | undefined; close: () => void };

/** A new secret, this once, with what to do with it. */
export function ShownOnce({ secret, appUrl, close }: ShownProps) {
  const [origin] = useState(() => appUrl ?? location.origin);
  const [chosen, setChosen] = useState("curl");
  const isProxyOff = useProxyOff(secret);
  const snippets = snippetsFor(origin, secret);
  const snippet = snippets.find(({ id }) => id === chosen);
  return (
    <Dialog open onClose={close} title={keysStrings.shown.title}>
      <div className="space-y-4">
        <Alert tone="warn">{keysStrings.shown.text}</Alert>
        <div className="flex flex-wrap items-center gap-2">
          <input
            readOnly
            aria-label={keysStrings.shown.key}
            value={secret}
            onFocus={(event) => event.target.select()}
            className="h-10 min-w-0 grow basis-60 rounded-lg border border-line bg-panel px-3 font-mono text-sm"
          />
          <CopyButton text={secret} label={keysStrings.shown.copy} />
        </div>
        <Tabs label={keysStrings.shown.use} items={snippets} value={chosen} onChange={setChosen} />
        {snippet === undefined ? null : <CodeBlock title={snippet.title} code={snippet.code} />}
        {isProxyOff && snippet?.needsProxy === true ? (
          <Alert tone="neutral">{keysStrings.shown.proxyOff}</Alert>
        ) : null}
        <div className="flex justify-end">
          <Button variant="primary" onClick={close}>
            {keysStrings.shown.done}
          </Button>
        </div>
      </div>
    </Dialog>
  );
}

/** Whether the OpenAI-compatible routes answer 404 here. */
function useProxyOff(secret: string): boolean {
  const [isOff, setIsOff] = useState(false);
  useEffect(() => {
    sendToApi("/api/v1/models", { bearer: secret }).catch((error: unknown) => {
      if (!(error instanceof ApiError)) throw error;
      setIsOff(error.status === 404);
    });
  }, [secret]);
  return isOff;
}
