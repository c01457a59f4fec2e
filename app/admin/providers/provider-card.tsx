import type { BenchView, ProviderView } from "#lib/browser/admin/health.ts";
import { adminStrings } from "../../_strings/admin.ts";
import { Button, LinkButton } from "../../_ui/button.tsx";
import { ago, count, countdown, dateTime, duration, percent } from "../../_ui/format.ts";
import { Alert, Badge, Card } from "../../_ui/surfaces.tsx";
import { EngineState } from "../_parts/state-badges.tsx";
import { known } from "../health-cards.tsx";
import { EngineTable } from "./engine-table.tsx";

const figures = adminStrings.providerFigures;

type CardProps = {
  provider: ProviderView;
  /** Milliseconds. */
  now: number;
  /** What is switched off everywhere. */
  off: ReadonlySet<string>;
  switchOff: (target: string) => void;
};

/** A provider with its state, its figures, its keys and its engines. */
export function ProviderCard({ provider, now, off, switchOff }: CardProps) {
  const { id, configured, breaker, benchedUntil, alarms, benches, engines } = provider;
  return (
    <Card
      title={
        <span className="flex flex-wrap items-center gap-2">
          <span className="text-lg">{id}</span>
          {configured ? (
            <EngineState breaker={breaker} benchedUntil={benchedUntil} isOff={off.has(id)} now={now} />
          ) : (
            <Badge>{adminStrings.notConfigured}</Badge>
          )}
        </span>
      }
      actions={
        <>
          <LinkButton size="sm" variant="ghost" href={`/admin/requests?provider=${encodeURIComponent(id)}`}>
            {adminStrings.seeRequests}
          </LinkButton>
          {off.has(id) || !configured ? null : (
            <Button size="sm" variant="danger" onClick={() => switchOff(id)}>
              {adminStrings.switchOff}
            </Button>
          )}
        </>
      }
    >
      <div className="space-y-5">
        {alarms.map(({ code, message, since, retriedAt, keyIndex }) => (
          <Alert
            key={`${code} ${keyIndex}`}
            tone="bad"
            title={`${code.replaceAll("_", " ")}${keyIndex === null ? "" : `, ${adminStrings.keyName(keyIndex)}`}`}
          >
            {message}
            <span className="block text-muted">
              {adminStrings.alarmTimes(ago(since, now), dateTime(retriedAt))}
            </span>
          </Alert>
        ))}
        <Figures provider={provider} />
        <Keys provider={provider} now={now} />
        <Benches benches={[...benches, ...engines.flatMap((engine) => engine.benches)]} now={now} />
        {engines.length === 0 ? null : (
          <EngineTable provider={id} engines={engines} now={now} off={off} switchOff={switchOff} />
        )}
      </div>
    </Card>
  );
}

function Figures({ provider }: { provider: ProviderView }) {
  const { calls, rateLimited, successRate, latencyP50, latencyP95, firstTokenP50, outcomes } = provider;
  const facts: readonly [string, string][] = [
    [figures.calls, known(calls, count)],
    [figures.successRate, known(successRate, percent)],
    [figures.rateLimited, known(rateLimited, count)],
    [figures.firstToken, known(firstTokenP50, duration)],
    [figures.latency, `${known(latencyP50, duration)} / ${known(latencyP95, duration)}`],
  ];
  const others = Object.entries(outcomes).filter(([outcome, calls_]) => outcome !== "ok" && calls_ > 0);
  return (
    <>
      <dl className="grid grid-cols-2 gap-4 sm:grid-cols-3 lg:grid-cols-5">
        {facts.map(([label, value]) => (
          <div key={label}>
            <dt className="text-sm text-muted">{label}</dt>
            <dd className="mt-0.5 text-lg font-semibold tabular-nums">{value}</dd>
          </div>
        ))}
      </dl>
      {others.length === 0 ? null : (
        <p className="flex flex-wrap items-center gap-1.5 text-sm text-muted">
          <span>{adminStrings.outcomes}</span>
          {others.map(([outcome, times]) => (
            <Badge key={outcome}>{`${outcome.replaceAll("_", " ")} ${count(times)}`}</Badge>
          ))}
        </p>
      )}
    </>
  );
}

function Keys({ provider: { keys }, now }: { provider: ProviderView; now: number }) {
  if (keys.length === 0) return null;
  return (
    <p className="flex flex-wrap items-center gap-1.5 text-sm text-muted">
      <span>{adminStrings.keyPool}</span>
      {keys.map(({ index, fingerprint, benchedUntil }) => {
        const left = benchedUntil === null || now === 0 ? 0 : Date.parse(benchedUntil) - now;
        const state = left > 0 ? ` · ${adminStrings.benched(countdown(left))}` : "";
        return (
          <Badge key={index} tone={left > 0 ? "warn" : "neutral"}>
            {`${adminStrings.keyName(index)} · ${fingerprint}${state}`}
          </Badge>
        );
      })}
    </p>
  );
}

/** What is benched, and what the provider said. */
function Benches({ benches, now }: { benches: readonly BenchView[]; now: number }) {
  const standing = benches.filter(({ until }) => now !== 0 && Date.parse(until) > now);
  if (standing.length === 0) return null;
  return (
    <div className="text-sm">
      <h3 className="font-medium">{adminStrings.benches}</h3>
      <ul className="mt-1.5 space-y-1">
        {standing.map(({ level, until, cause, reason, keyIndex }) => (
          <li key={`${level} ${keyIndex} ${until} ${cause}`} className="flex flex-wrap gap-x-2 text-muted">
            <span className="font-medium text-warn tabular-nums">{countdown(Date.parse(until) - now)}</span>
            <span>
              {adminStrings.benchLevels[level] ?? level}
              {keyIndex === null ? "" : ` (${adminStrings.keyName(keyIndex)})`}
            </span>
            <span>{cause.replaceAll("_", " ")}</span>
            <span className="wrap-anywhere">{reason}</span>
          </li>
        ))}
      </ul>
    </div>
  );
}
