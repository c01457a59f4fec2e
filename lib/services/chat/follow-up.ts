import type { Turn } from "#lib/services/chat/turn.ts";
import type { Logger, WaitUntil } from "#lib/services/ports.ts";

/**
 * Work behind a delivered turn, such as finding what to remember of it. It never delays the answer, and if it fails,
 * that is logged and nothing else.
 */
export type FollowUp = {
  /** The name in logs. */
  name: string;
  /**
   * Decides at once whether there is anything to do. The work is begun when the turn is saved, which may take long,
   * so it must not hold on to the turn, with its images and its history.
   */
  plan(turn: Turn): (() => Promise<void>) | undefined;
};

export type FollowUpContext = {
  followUps: readonly FollowUp[];
  waitUntil: WaitUntil;
  logger: Pick<Logger, "error">;
};

/** Lets all follow-ups that have something to do begin when the turn is saved. */
export function followUp(turn: Turn, saved: Promise<void>, context: FollowUpContext): void {
  const { followUps, waitUntil, logger } = context;
  const { requestId } = turn;
  for (const { name, plan } of followUps) {
    const failed = (error: unknown): void => {
      logger.error("What follows a turn has failed.", error, { requestId, followUp: name });
    };
    try {
      const work = plan(turn);
      if (work !== undefined) waitUntil(saved.then(work).catch(failed));
    } catch (error) {
      failed(error);
    }
  }
}
