"use client";

import { type FormEvent, useState } from "react";
import type { Question } from "#lib/browser/turns.ts";
import { chatStrings } from "../_strings/chat.ts";
import { commonStrings } from "../_strings/common.ts";
import { Button, IconButton } from "../_ui/button.tsx";
import { TextArea } from "../_ui/field.tsx";
import { Icon } from "../_ui/icon.tsx";

type BubbleProps = {
  question: Question;
  /** Asks an edited question in place of this one; absent while an answer is being written. */
  resend: ((question: Question) => void) | undefined;
};

/** What the user asked, and the way to ask it otherwise. */
export function QuestionBubble({ question, resend }: BubbleProps) {
  const [isEditing, setIsEditing] = useState(false);
  if (isEditing && resend !== undefined)
    return <Editor question={question} resend={resend} close={() => setIsEditing(false)} />;
  return (
    <div className="group flex items-start justify-end gap-1">
      {resend === undefined ? null : (
        <IconButton
          label={chatStrings.edit}
          icon="pencil"
          onClick={() => setIsEditing(true)}
          className="opacity-0 group-focus-within:opacity-100 group-hover:opacity-100 pointer-coarse:opacity-100"
        />
      )}
      <div className="max-w-[85%] rounded-2xl bg-panel px-4 py-2.5">
        <h2 className="sr-only">{chatStrings.you}</h2>
        {question.files.map(({ id, name }) => (
          <p key={id} className="mb-1 flex items-center gap-1.5 text-sm text-muted">
            <Icon name="file" size={14} />
            {name}
          </p>
        ))}
        <p className="wrap-anywhere whitespace-pre-wrap">{question.text}</p>
      </div>
    </div>
  );
}

type EditorProps = { question: Question; resend: (question: Question) => void; close: () => void };

function Editor({ question, resend, close }: EditorProps) {
  const [text, setText] = useState(question.text);
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (text.trim() === "") return;
    close();
    resend({ ...question, text });
  };
  return (
    <form onSubmit={submit} className="space-y-3 rounded-2xl bg-panel p-4">
      <TextArea
        label={chatStrings.editLabel}
        autoFocus
        value={text}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === "Escape") close();
        }}
      />
      <div className="flex justify-end gap-2">
        <Button size="sm" onClick={close}>
          {commonStrings.cancel}
        </Button>
        <Button size="sm" type="submit" variant="primary">
          {chatStrings.resend}
        </Button>
      </div>
    </form>
  );
}
