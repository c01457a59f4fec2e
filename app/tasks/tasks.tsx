"use client";

import { useState } from "react";
import { callApi } from "#lib/browser/api.ts";
import { readTasks, type TaskView } from "#lib/browser/tasks.ts";
import { tasksStrings } from "../_strings/tasks.ts";
import { ConfirmDialog } from "../_ui/dialog.tsx";
import { LoadedView } from "../_ui/loaded.tsx";
import { EmptyState } from "../_ui/states.tsx";
import { useAction } from "../_ui/use-action.ts";
import { useNow } from "../_ui/use-now.ts";
import { usePolled } from "../_ui/use-polled.ts";
import { TaskCard } from "./task-card.tsx";

/** The user's tasks, read again while they are looked at. */
export function Tasks() {
  const { state, reload } = usePolled("/api/v1/manus", readTasks);
  const [removed, setRemoved] = useState<TaskView>();
  const now = useNow();
  if (state.kind === "failed" && state.error.code === "not_configured") {
    return <EmptyState icon="clock" title={tasksStrings.offTitle} text={<p>{tasksStrings.offText}</p>} />;
  }
  return (
    <LoadedView state={state} retry={reload}>
      {(tasks) =>
        tasks.length === 0 ? (
          <EmptyState icon="clock" title={tasksStrings.emptyTitle} text={<p>{tasksStrings.emptyText}</p>} />
        ) : (
          <>
            <ul className="space-y-3">
              {tasks.map((task) => (
                <li key={task.id}>
                  <TaskCard task={task} now={now} remove={() => setRemoved(task)} />
                </li>
              ))}
            </ul>
            {removed === undefined ? null : (
              <RemoveTask
                task={removed}
                close={() => setRemoved(undefined)}
                done={() => {
                  setRemoved(undefined);
                  reload();
                }}
              />
            )}
          </>
        )
      }
    </LoadedView>
  );
}

type RemoveProps = { task: TaskView; close: () => void; done: () => void };

function RemoveTask({ task, close, done }: RemoveProps) {
  const { busy, error, run } = useAction();
  const confirm = (): void =>
    run(async () => {
      await callApi(`/api/v1/manus?id=${encodeURIComponent(task.id)}`, { method: "DELETE" });
      done();
    });
  return (
    <ConfirmDialog
      open
      danger
      busy={busy}
      error={error}
      title={tasksStrings.removeTitle}
      text={`${task.title}: ${tasksStrings.removeText}`}
      action={tasksStrings.removeAction}
      onConfirm={confirm}
      onClose={close}
    />
  );
}
