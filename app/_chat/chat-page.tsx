"use client";

import { useEffect, useRef, useState } from "react";
import { chatStrings } from "../_strings/chat.ts";
import { useBrand } from "../_ui/brand.tsx";
import { IconButton } from "../_ui/button.tsx";
import { SignedIn } from "../_ui/signed-in.tsx";
import { SiteHeader } from "../_ui/site-header.tsx";
import { ConversationPane } from "./conversation-pane.tsx";
import { Sidebar } from "./sidebar.tsx";
import { useConversation } from "./use-conversation.ts";
import { useSessions } from "./use-sessions.ts";

/** The playground: conversations at the left, the open one beside it. */
export function ChatPage() {
  const [isOpen, setIsOpen] = useState(false);
  const toggle = useRef<HTMLButtonElement>(null);
  // On a narrow screen the focus was in the list; on a wide one the button is not there, and takes none.
  const close = (): void => {
    setIsOpen(false);
    toggle.current?.focus();
  };
  const label = isOpen ? chatStrings.closeSessions : chatStrings.openSessions;
  return (
    <div className="flex h-dvh flex-col">
      <SiteHeader
        start={
          <IconButton
            ref={toggle}
            label={label}
            icon="sidebar"
            aria-expanded={isOpen}
            className="md:hidden"
            onClick={() => setIsOpen(!isOpen)}
          />
        }
      />
      <SignedIn>
        <Chat isSidebarOpen={isOpen} closeSidebar={close} />
      </SignedIn>
    </div>
  );
}

function Chat({ isSidebarOpen, closeSidebar }: { isSidebarOpen: boolean; closeSidebar: () => void }) {
  const { conversation, state } = useConversation();
  const sessions = useSessions(state);
  useTitle(sessions.page?.sessions.find(({ id }) => id === state.sessionId)?.title);
  return (
    <div className="flex min-h-0 grow">
      <Sidebar
        isOpen={isSidebarOpen}
        close={closeSidebar}
        sessions={sessions}
        current={state.sessionId}
        open={(id) => {
          closeSidebar();
          void conversation.open(id);
        }}
        begin={() => {
          closeSidebar();
          conversation.reset();
        }}
      />
      <ConversationPane conversation={conversation} state={state} />
    </div>
  );
}

/** The browser's tab and history name the conversation. */
function useTitle(title: string | undefined): void {
  const { appName } = useBrand();
  useEffect(() => {
    document.title = title === undefined ? appName : `${title} · ${appName}`;
  }, [title, appName]);
}
