import { type AgentRequest, streamAgent } from "#lib/browser/agent-stream.ts";
import { type AgentView, failedRun, NEW_RUN, stoppedRun, withAgentEvents } from "#lib/browser/agent-view.ts";
import { ApiError } from "#lib/browser/api.ts";
import { EventPacer } from "#lib/browser/event-pacer.ts";
import type { StreamOptions } from "#lib/browser/event-stream.ts";
import type { AgentEvent } from "#lib/streaming/agent-events.ts";

/**
 * Runs an agent, and calls `show` with all that is known of the run, at most once a frame. Resolves when it has
 * ended, however it did.
 */
export async function runAgent(
  request: AgentRequest,
  options: StreamOptions,
  show: (view: AgentView) => void,
  nextFrame: (callback: () => void) => void,
): Promise<void> {
  let view = NEW_RUN;
  const to = (next: AgentView): void => {
    view = next;
    show(view);
  };
  to(view);
  const pacer = new EventPacer<AgentEvent>((events) => to(withAgentEvents(view, events)), nextFrame);
  try {
    for await (const events of streamAgent(request, options)) pacer.add(events);
    pacer.flush();
  } catch (error) {
    pacer.flush();
    if (options.signal.aborted) to(stoppedRun(view));
    else if (error instanceof ApiError) to(failedRun(view, error));
    else throw error;
  }
}
