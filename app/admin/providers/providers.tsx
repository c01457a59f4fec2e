"use client";

import { useState } from "react";
import { type HealthView, type ProviderView, readHealth } from "#lib/browser/admin/health.ts";
import { readOverrides } from "#lib/browser/admin/overrides.ts";
import type { Window } from "#lib/browser/admin/series.ts";
import { adminStrings } from "../../_strings/admin.ts";
import { LoadedView } from "../../_ui/loaded.tsx";
import { EmptyState } from "../../_ui/states.tsx";
import { useNow } from "../../_ui/use-now.ts";
import { usePolled } from "../../_ui/use-polled.ts";
import { Toolbar } from "../_parts/toolbar.tsx";
import { ProviderCard } from "./provider-card.tsx";
import { SwitchOff } from "./switch-off.tsx";

/** Providers that are called, with their engines: what works now. */
export function Providers() {
  const [window, setWindow] = useState<Window>("24h");
  const [target, setTarget] = useState<string>();
  const health = usePolled(`/api/admin/health?window=${window}`, readHealth);
  const overrides = usePolled("/api/admin/overrides", readOverrides);
  const off = overrides.state.kind === "ready" ? targetsOf(overrides.state.value) : new Set<string>();
  return (
    <>
      <Toolbar window={window} choose={setWindow} shown={[health, overrides]} />
      <LoadedView state={health.state} retry={health.reload} lines={10}>
        {(value) => <ProviderList health={value} off={off} switchOff={setTarget} />}
      </LoadedView>
      {target === undefined ? null : (
        <SwitchOff
          target={target}
          close={() => setTarget(undefined)}
          done={() => {
            setTarget(undefined);
            overrides.reload();
            health.reload();
          }}
        />
      )}
    </>
  );
}

/** What is switched off everywhere. */
function targetsOf({ overrides }: ReturnType<typeof readOverrides>): Set<string> {
  return new Set(overrides.flatMap(({ target, mode }) => (target === null || mode !== null ? [] : [target])));
}

type ListProps = { health: HealthView; off: ReadonlySet<string>; switchOff: (target: string) => void };

function ProviderList({ health, off, switchOff }: ListProps) {
  // Once a second: benches count down.
  const now = useNow(1_000);
  if (health.providers.length === 0) {
    return (
      <EmptyState icon="plug" title={adminStrings.noProvidersTitle} text={adminStrings.noProvidersText} />
    );
  }
  return (
    <div className="space-y-6">
      {inOrder(health.providers).map((provider) => (
        <ProviderCard key={provider.id} provider={provider} now={now} off={off} switchOff={switchOff} />
      ))}
    </div>
  );
}

/** Those in trouble first, then those that are called most. */
function inOrder(providers: readonly ProviderView[]): ProviderView[] {
  const trouble = ({ alarms, breaker, benchedUntil }: ProviderView): number =>
    alarms.length > 0 ? 2 : breaker !== "closed" || benchedUntil !== null ? 1 : 0;
  return [...providers].sort((a, b) => trouble(b) - trouble(a) || (b.calls ?? 0) - (a.calls ?? 0));
}
