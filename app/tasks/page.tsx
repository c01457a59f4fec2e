import type { Metadata } from "next";
import { tasksStrings } from "../_strings/tasks.ts";
import { ExplainedPage } from "../_ui/explained-page.tsx";
import { Tasks } from "./tasks.tsx";

export const metadata: Metadata = { title: tasksStrings.title };

export default function TasksPage() {
  return (
    <ExplainedPage texts={tasksStrings} docs="/docs/manus">
      <Tasks />
    </ExplainedPage>
  );
}
