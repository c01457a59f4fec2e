import type { Metadata } from "next";
import { agentStrings } from "../_strings/agent.ts";
import { LinkButton } from "../_ui/button.tsx";
import { PageFrame } from "../_ui/page-frame.tsx";
import { SignedIn } from "../_ui/signed-in.tsx";
import { Agent } from "./agent.tsx";

export const metadata: Metadata = { title: agentStrings.title };

export default function AgentPage() {
  return (
    <PageFrame
      title={agentStrings.title}
      lead={agentStrings.lead}
      actions={
        <LinkButton href="/docs/agent" icon="book">
          {agentStrings.howItWorks}
        </LinkButton>
      }
    >
      <SignedIn>
        <Agent />
      </SignedIn>
    </PageFrame>
  );
}
