import type { Metadata } from "next";
import { agentStrings } from "../_strings/agent.ts";
import { ExplainedPage } from "../_ui/explained-page.tsx";
import { Agent } from "./agent.tsx";

export const metadata: Metadata = { title: agentStrings.title };

export default function AgentPage() {
  return (
    <ExplainedPage texts={agentStrings} docs="/docs/agent">
      <Agent />
    </ExplainedPage>
  );
}
