import type { Metadata } from "next";
import { tasksStrings } from "../_strings/tasks.ts";
import { LinkButton } from "../_ui/button.tsx";
import { PageFrame } from "../_ui/page-frame.tsx";
import { SignedIn } from "../_ui/signed-in.tsx";
import { Tasks } from "./tasks.tsx";

export const metadata: Metadata = { title: tasksStrings.title };

export default function TasksPage() {
  return (
    <PageFrame
      title={tasksStrings.title}
      lead={tasksStrings.lead}
      actions={
        <LinkButton href="/docs/manus" icon="book">
          {tasksStrings.howItWorks}
        </LinkButton>
      }
    >
      <SignedIn>
        <Tasks />
      </SignedIn>
    </PageFrame>
  );
}
