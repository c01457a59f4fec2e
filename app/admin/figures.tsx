import { type ChartData, type ChartLineId, sumOf } from "#lib/browser/admin/chart-data.ts";
import type { CostView, HealthView } from "#lib/browser/admin/health.ts";
import { adminStrings } from "../_strings/admin.ts";
import { count, percent, usd } from "../_ui/format.ts";
import { Card, Figure } from "../_ui/surfaces.tsx";

const texts = adminStrings.figures;

/** How the requests of a window ended. */
export function TurnFigures({ turns }: { turns: ChartData<ChartLineId> }) {
  const sum = (id: ChartLineId): number => {
    const line = turns.lines.find((one) => one.id === id);
    return line === undefined ? 0 : sumOf(line);
  };
  const [rescued, failed, stopped] = [sum("rescued"), sum("failed"), sum("stopped")];
  const answered = sum("answered") + rescued;
  const ended = answered + failed + stopped;
  const share = (part: number): string => percent(ended === 0 ? 0 : part / ended);
  return (
    <Card>
      <dl className="grid gap-6 sm:grid-cols-3">
        <Figure label={texts.answered} value={count(answered)} hint={texts.answeredHint(share(answered))} />
        <Figure label={texts.rescued} value={count(rescued)} hint={texts.rescuedHint(share(rescued))} />
        <Figure
          label={texts.failed}
          value={count(failed)}
          hint={`${texts.failedHint(share(failed))}${stopped === 0 ? "" : `, ${texts.stoppedHint(count(stopped))}`}`}
        />
      </dl>
    </Card>
  );
}

/** What was spent, whatever the window. */
export function CostFigures({ cost }: { cost: NonNullable<HealthView["cost"]> }) {
  const { today, last7Days, last30Days } = cost;
  return (
    <Card>
      <dl className="grid gap-6 sm:grid-cols-2 lg:grid-cols-4">
        <Figure label={texts.today} value={usd(today.total)} hint={hintOf(today, texts.todayHint)} />
        <Figure label={texts.last7Days} value={usd(last7Days.total)} hint={hintOf(last7Days)} />
        <Figure label={texts.last30Days} value={usd(last30Days.total)} hint={hintOf(last30Days)} />
        <Figure label={texts.freeTier} value={usd(last30Days.freeTierValue)} hint={texts.freeTierHint} />
      </dl>
    </Card>
  );
}

function hintOf({ cachedSavings, unknownCalls }: CostView, first = ""): string {
  const saved = cachedSavings === 0 && first !== "" ? "" : texts.saved(usd(cachedSavings));
  const unknown = unknownCalls === 0 ? "" : texts.unknownCalls(unknownCalls);
  return [first, saved, unknown].filter(Boolean).join(", ");
}
