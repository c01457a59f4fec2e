"use client";

import { type FormEvent, useState } from "react";
import { callApi } from "#lib/browser/api.ts";
import type { PluginView } from "#lib/browser/plugins.ts";
import { pluginsStrings } from "../_strings/plugins.ts";
import { Button } from "../_ui/button.tsx";
import { CodeBlock } from "../_ui/code-block.tsx";
import { Dialog } from "../_ui/dialog.tsx";
import { TextArea, TextField } from "../_ui/field.tsx";
import { Alert } from "../_ui/surfaces.tsx";
import { useAction } from "../_ui/use-action.ts";

/** Calls a plugin by hand, and shows what it answers. */
export function TryOut({ plugin, close }: { plugin: PluginView; close: () => void }) {
  const [path, setPath] = useState("");
  const [body, setBody] = useState("");
  const [problem, setProblem] = useState<string>();
  const [answer, setAnswer] = useState<string>();
  const { busy, error, run } = useAction();
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    const read = readBody(body);
    setProblem(read.problem);
    if (read.problem !== undefined) return;
    run(async () => {
      const invocation = {
        plugin: plugin.id,
        path,
        ...(read.value === undefined ? {} : { body: read.value }),
      };
      const answered = await callApi("/api/v1/plugins/invoke", { method: "POST", body: invocation });
      setAnswer(JSON.stringify(answered, null, 2));
    });
  };
  return (
    <Dialog open onClose={close} title={pluginsStrings.dialogTitle(plugin.name)}>
      <form onSubmit={submit} className="space-y-4">
        <TextField
          label={pluginsStrings.path}
          hint={pluginsStrings.pathHint}
          value={path}
          onChange={(event) => setPath(event.target.value)}
        />
        <TextArea
          label={pluginsStrings.body}
          hint={pluginsStrings.bodyHint}
          error={problem}
          value={body}
          onChange={(event) => setBody(event.target.value)}
          className="font-mono"
        />
        {error === undefined ? null : <Alert tone="bad">{error}</Alert>}
        {answer === undefined ? null : <CodeBlock title={pluginsStrings.answer} code={answer} />}
        <div className="flex justify-end">
          <Button type="submit" variant="primary" busy={busy}>
            {pluginsStrings.call}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

function readBody(text: string): { value?: unknown; problem?: string } {
  if (text.trim() === "") return {};
  try {
    return { value: JSON.parse(text) };
  } catch (error) {
    if (error instanceof SyntaxError) return { problem: pluginsStrings.badJson };
    throw error;
  }
}
