"use client";

import { useState } from "react";
import { safeHref } from "#lib/browser/markdown/link-policy.ts";
import { readTaskResult, type TaskStatus, type TaskView } from "#lib/browser/tasks.ts";
import { tasksStrings } from "../_strings/tasks.ts";
import { AnswerText } from "../_ui/answer-text.tsx";
import { IconButton } from "../_ui/button.tsx";
import { ago } from "../_ui/format.ts";
import { Icon } from "../_ui/icon.tsx";
import { LoadedView } from "../_ui/loaded.tsx";
import { Badge, type Tone } from "../_ui/surfaces.tsx";
import { useLoaded } from "../_ui/use-loaded.ts";

const TONES: Readonly<Record<TaskStatus, Tone>> = {
  ...{ pending: "neutral", running: "accent", waiting: "warn", completed: "good" },
  ...{ failed: "bad", stopped: "neutral" },
};

type CardProps = {
  task: TaskView;
  /** Milliseconds. */
  now: number;
  remove: () => void;
};

/** A task with its state; what came of it is asked for when it is opened. */
export function TaskCard({ task, now, remove }: CardProps) {
  const { id, title, status, url, error, createdAt } = task;
  const [isOpen, setIsOpen] = useState(false);
  return (
    <article className="min-w-0 rounded-xl border border-line bg-raised p-4">
      <div className="flex items-start gap-3">
        <div className="min-w-0 grow">
          <h2 className="font-medium wrap-anywhere">{title}</h2>
          <p className="mt-1 flex flex-wrap items-center gap-x-3 gap-y-1 text-sm text-muted">
            <Badge tone={TONES[status]}>{tasksStrings.statuses[status]}</Badge>
            {now === 0 ? null : <span>{tasksStrings.begun(ago(createdAt, now))}</span>}
            {url === undefined ? null : <OutsideLink url={url} name={tasksStrings.open} />}
          </p>
          {error === undefined ? null : <p className="mt-2 text-sm wrap-anywhere text-bad">{error}</p>}
        </div>
        <IconButton
          label={tasksStrings.showResult(title)}
          icon={isOpen ? "chevron-down" : "chevron-right"}
          aria-expanded={isOpen}
          onClick={() => setIsOpen(!isOpen)}
        />
        <IconButton label={tasksStrings.remove(title)} icon="trash" onClick={remove} />
      </div>
      {/* It is asked again when the state has changed. */}
      {isOpen ? <Result key={status} id={id} /> : null}
    </article>
  );
}

function Result({ id }: { id: string }) {
  const { state, reload } = useLoaded(`/api/v1/manus/tasks/${encodeURIComponent(id)}`, readTaskResult);
  return (
    <section aria-label={tasksStrings.result} className="mt-4 border-t border-line pt-4">
      <LoadedView state={state} retry={reload} lines={3}>
        {({ output, artifacts }) => (
          <div className="space-y-4">
            {output === undefined ? (
              <p className="text-sm text-muted">{tasksStrings.noResult}</p>
            ) : (
              <AnswerText text={output} isGrowing={false} />
            )}
            {artifacts.length === 0 ? null : (
              <ul aria-label={tasksStrings.files} className="space-y-1 text-sm">
                {artifacts.map(({ name, url }) => (
                  <li key={`${name} ${url}`}>
                    <OutsideLink url={url} name={name} />
                  </li>
                ))}
              </ul>
            )}
          </div>
        )}
      </LoadedView>
    </section>
  );
}

/** An address that a stranger has written. */
function OutsideLink({ url, name }: { url: string; name: string }) {
  const href = safeHref(url);
  if (href === undefined) return <span className="wrap-anywhere">{name}</span>;
  return (
    <a
      href={href}
      target="_blank"
      rel="noopener noreferrer nofollow"
      className="inline-flex max-w-full items-center gap-1 text-accent underline underline-offset-4"
    >
      <span className="wrap-anywhere">{name}</span>
      <Icon name="external" size={14} />
    </a>
  );
}
