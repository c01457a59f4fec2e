"use client";

import { useState } from "react";
import { type PluginView, readPlugins } from "#lib/browser/plugins.ts";
import { pluginsStrings } from "../_strings/plugins.ts";
import { Button } from "../_ui/button.tsx";
import { Icon } from "../_ui/icon.tsx";
import { EmptyState, ErrorState, Skeleton } from "../_ui/states.tsx";
import { Badge, Card } from "../_ui/surfaces.tsx";
import { useLoaded } from "../_ui/use-loaded.ts";
import { TryOut } from "./try-out.tsx";

/** The plugins that the gateway knows, and which of them are set up. */
export function Plugins() {
  const { state, reload } = useLoaded("/api/v1/plugins", readPlugins);
  const [tried, setTried] = useState<PluginView>();
  switch (state.kind) {
    case "loading":
      return <Skeleton lines={6} />;
    case "failed":
      return <ErrorState text={state.error.message} requestId={state.error.requestId} retry={reload} />;
    case "ready":
      if (state.value.length === 0) return <EmptyState icon="plug" title={pluginsStrings.emptyTitle} />;
      return (
        <>
          <ul className="grid gap-4 sm:grid-cols-2 lg:grid-cols-3">
            {inOrder(state.value).map((plugin) => (
              <li key={plugin.id} className="flex">
                <PluginCard plugin={plugin} tryOut={() => setTried(plugin)} />
              </li>
            ))}
          </ul>
          {tried === undefined ? null : <TryOut plugin={tried} close={() => setTried(undefined)} />}
        </>
      );
  }
}

/** Those that work come first. */
function inOrder(plugins: readonly PluginView[]): PluginView[] {
  const rank = ({ configured, callable }: PluginView): number => (configured ? 0 : callable ? 1 : 2);
  return [...plugins].sort((a, b) => rank(a) - rank(b));
}

function PluginCard({ plugin, tryOut }: { plugin: PluginView; tryOut: () => void }) {
  const { name, description, repository, intents, configured, autoRoute } = plugin;
  return (
    <Card className="flex w-full flex-col gap-3">
      <div className="flex items-start justify-between gap-3">
        <h2 className="font-semibold">{name}</h2>
        <State plugin={plugin} />
      </div>
      <p className="grow text-sm text-muted">{description}</p>
      <p className="flex flex-wrap gap-1.5">
        {intents.map((intent) => (
          <Badge key={intent}>{intent}</Badge>
        ))}
        {autoRoute ? <Badge tone="accent">{pluginsStrings.autoRoute}</Badge> : null}
      </p>
      <div className="flex items-center justify-between gap-2">
        <a
          href={repository}
          target="_blank"
          rel="noopener noreferrer"
          className="inline-flex items-center gap-1 text-sm text-accent underline underline-offset-4"
        >
          {pluginsStrings.project}
          <Icon name="external" size={14} />
        </a>
        {configured ? (
          <Button size="sm" onClick={tryOut}>
            {pluginsStrings.tryOut}
          </Button>
        ) : null}
      </div>
    </Card>
  );
}

function State({ plugin: { callable, configured } }: { plugin: PluginView }) {
  if (!callable) return <Badge>{pluginsStrings.states.none}</Badge>;
  return configured ? (
    <Badge tone="good">{pluginsStrings.states.ready}</Badge>
  ) : (
    <Badge tone="warn">{pluginsStrings.states.missing}</Badge>
  );
}
