"use client";

import { useEffect, useRef, useState } from "react";
import { ApiError } from "#lib/browser/api.ts";
import type { SessionView } from "#lib/browser/sessions.ts";
import { commonStrings } from "../_strings/common.ts";
import { mediaStrings } from "../_strings/media.ts";
import { Button } from "../_ui/button.tsx";
import { Dialog } from "../_ui/dialog.tsx";
import { Loading } from "../_ui/states.tsx";
import { Alert } from "../_ui/surfaces.tsx";
import { saveConversationPdf } from "./save-pdf.ts";

const texts = mediaStrings.pdf;

type PdfProps = { session: SessionView; close: () => void };

/** Makes a PDF of a saved conversation, and closes when the browser has it. Closing it ends the work. */
export function PdfDialog({ session, close }: PdfProps) {
  const [attempt, setAttempt] = useState(0);
  return (
    <Dialog open onClose={close} title={texts.title}>
      <PdfWork key={attempt} {...{ session, close }} again={() => setAttempt(attempt + 1)} />
    </Dialog>
  );
}

function PdfWork({ session, close, again }: PdfProps & { again: () => void }) {
  const [problem, setProblem] = useState<string>();
  const done = useRef(close);
  useEffect(() => {
    const abort = new AbortController();
    saveConversationPdf(session, abort.signal).then(
      (reason) => {
        if (abort.signal.aborted) return;
        if (reason === undefined) done.current();
        else setProblem(reason);
      },
      (error: unknown) => {
        if (abort.signal.aborted) return;
        if (!(error instanceof ApiError)) throw error;
        setProblem(error.message);
      },
    );
    return () => abort.abort();
  }, [session]);
  if (problem === undefined) return <Loading label={texts.working} />;
  return (
    <div className="space-y-4">
      <Alert tone="bad" title={texts.failed}>
        {problem}
      </Alert>
      <Button icon="retry" onClick={again}>
        {commonStrings.retry}
      </Button>
    </div>
  );
}
