import { type ModelSpend, spendByModel } from "#lib/browser/admin/chart-data.ts";
import type { DaySpend } from "#lib/browser/admin/series.ts";
import { adminStrings } from "../_strings/admin.ts";
import { count, usd } from "../_ui/format.ts";
import { Card } from "../_ui/surfaces.tsx";
import { Cell, Row, Table } from "../_ui/table.tsx";

const texts = adminStrings.spend;
const { charts } = adminStrings;

/** What each model cost, in all and day by day. */
export function SpendByModel({ spend }: { spend: readonly DaySpend[] }) {
  const { days, models } = spendByModel(spend);
  return (
    <Card title={charts.spendByModel}>
      {models.length === 0 ? (
        <p className="text-sm text-muted">{texts.empty}</p>
      ) : (
        <>
          <Table caption={charts.spendByModel} head={texts.columns} numeric={[2, 3, 4]}>
            {models.map((model) => (
              <ModelRow key={model.engine ?? ""} model={model} days={days} />
            ))}
          </Table>
          <details className="mt-4">
            <summary className="w-fit text-sm text-muted hover:text-text">{charts.asTable}</summary>
            <div className="mt-2 px-5">
              <DayTable days={days} models={models} />
            </div>
          </details>
        </>
      )}
    </Card>
  );
}

function ModelRow({ model, days }: { model: ModelSpend; days: readonly string[] }) {
  const name = model.engine ?? texts.others;
  return (
    <Row>
      <Cell className="min-w-44 font-mono text-xs wrap-anywhere">{name}</Cell>
      <Cell>
        <DayBars name={name} days={days} values={model.byDay} />
      </Cell>
      <Cell numeric>{count(model.calls)}</Cell>
      <Cell numeric>{usd(model.costUsd)}</Cell>
      <Cell numeric className="text-muted">
        {usd(model.cachedSavingsUsd)}
      </Cell>
    </Row>
  );
}

const BAR = 5;
const HEIGHT = 20;

type BarsProps = { name: string; days: readonly string[]; values: readonly number[] };

/** A bar a day, the highest of this model as high as the line. */
function DayBars({ name, days, values }: BarsProps) {
  const highest = Math.max(...values, 0);
  const said = days.map((day, index) => `${day} ${usd(values[index] ?? 0)}`).join(", ");
  const width = days.length * BAR;
  return (
    <svg role="img" aria-label={texts.bars(name, said)} width={width} height={HEIGHT} className="text-accent">
      {values.map((value, index) => {
        const height = highest === 0 ? 1 : Math.max(1, (value / highest) * HEIGHT);
        const place = { x: index * BAR, y: HEIGHT - height, width: BAR - 1, height };
        return <rect key={days[index]} {...place} fill="currentColor" opacity={value === 0 ? 0.3 : 1} />;
      })}
    </svg>
  );
}

function DayTable({ days, models }: { days: readonly string[]; models: readonly ModelSpend[] }) {
  const head = [texts.columns[0], ...days];
  return (
    <Table caption={charts.spendByModel} head={head} numeric={days.map((_, index) => index + 1)}>
      {models.map((model) => (
        <Row key={model.engine ?? ""}>
          <Cell className="font-mono text-xs whitespace-nowrap">{model.engine ?? texts.others}</Cell>
          {days.map((day, index) => (
            <Cell numeric key={day}>
              {usd(model.byDay[index] ?? 0)}
            </Cell>
          ))}
        </Row>
      ))}
    </Table>
  );
}
