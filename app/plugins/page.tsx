import type { Metadata } from "next";
import { publicEnv } from "#lib/public-env.ts";
import { pluginsStrings } from "../_strings/plugins.ts";
import { LinkButton } from "../_ui/button.tsx";
import { PageFrame } from "../_ui/page-frame.tsx";
import { SignedIn } from "../_ui/signed-in.tsx";
import { Plugins } from "./plugins.tsx";

export const metadata: Metadata = { title: pluginsStrings.title };

export default function PluginsPage() {
  const invitation = publicEnv.manusInvitation;
  return (
    <PageFrame
      wide
      title={pluginsStrings.title}
      lead={pluginsStrings.lead}
      actions={
        <LinkButton href="/docs/plugins" icon="book">
          {pluginsStrings.setUp}
        </LinkButton>
      }
    >
      <SignedIn>
        <Plugins />
      </SignedIn>
      {invitation === undefined ? null : (
        <p className="mt-6 text-sm text-muted">
          {pluginsStrings.manus}{" "}
          <a href={invitation} rel="noreferrer" target="_blank" className="text-accent underline">
            {pluginsStrings.manusSignUp}
          </a>
        </p>
      )}
    </PageFrame>
  );
}
