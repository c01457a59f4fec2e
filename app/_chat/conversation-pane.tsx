"use client";

import { useCallback, useRef, useState } from "react";
import type { Conversation, ConversationState } from "#lib/browser/conversation.ts";
import type { AttachedFile } from "#lib/browser/turns.ts";
import { chatStrings } from "../_strings/chat.ts";
import { Button } from "../_ui/button.tsx";
import { DraftProvider, type WriteDraft } from "../_ui/draft.tsx";
import { ErrorState, Loading } from "../_ui/states.tsx";
import { Composer } from "./composer.tsx";
import { EmptyChat } from "./empty-chat.tsx";
import { TurnList } from "./turn-list.tsx";
import { sessionInAddress } from "./use-conversation.ts";
import { useQuota } from "./use-quota.ts";

type PaneProps = { conversation: Conversation; state: ConversationState };

/** The open conversation, with the field to write in. */
export function ConversationPane({ conversation, state }: PaneProps) {
  const [model, setModel] = useState("auto");
  const quota = useQuota(state.phase);
  const composer = useRef<WriteDraft>(null);
  const write = useCallback((text: string) => composer.current?.(text), []);
  const send = (text: string, files: readonly AttachedFile[]): void => {
    void conversation.send({ text, model, files });
  };
  return (
    <main id="content" className="flex min-w-0 grow flex-col">
      <h1 className="sr-only">{chatStrings.title}</h1>
      <DraftProvider value={write}>
        <Body conversation={conversation} state={state} ask={(text) => send(text, [])} />
      </DraftProvider>
      <Composer
        writeRef={composer}
        isAsking={state.phase === "asking"}
        isDisabled={state.phase === "loading"}
        model={model}
        setModel={setModel}
        send={send}
        stop={() => conversation.stop()}
        quota={quota}
        mcp={state.mcp}
        setMcp={(ids) => conversation.chooseServers(ids)}
      />
    </main>
  );
}

function Body({ conversation, state, ask }: PaneProps & { ask: (text: string) => void }) {
  if (state.phase === "loading")
    return <Filled>{<Loading label={chatStrings.loadingConversation} />}</Filled>;
  if (state.error !== undefined && state.turns.length === 0) {
    const isGone = state.error.status === 404;
    return (
      <Filled>
        <ErrorState
          title={chatStrings.openFailed}
          text={state.error.message}
          requestId={state.error.requestId}
          retry={isGone ? undefined : () => void conversation.open(sessionInAddress() ?? "")}
        />
        {isGone ? (
          <Button variant="primary" className="mx-auto" onClick={() => conversation.reset()}>
            {chatStrings.newChat}
          </Button>
        ) : null}
      </Filled>
    );
  }
  if (state.turns.length === 0) {
    return (
      <Filled>
        <EmptyChat ask={ask} />
      </Filled>
    );
  }
  return <TurnList conversation={conversation} state={state} />;
}

function Filled({ children }: { children: React.ReactNode }) {
  return <div className="flex min-h-0 grow flex-col justify-center-safe overflow-y-auto">{children}</div>;
}
