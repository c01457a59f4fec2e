import type { Metadata } from "next";
import { pluginsStrings } from "../_strings/plugins.ts";
import { LinkButton } from "../_ui/button.tsx";
import { PageFrame } from "../_ui/page-frame.tsx";
import { SignedIn } from "../_ui/signed-in.tsx";
import { Plugins } from "./plugins.tsx";

export const metadata: Metadata = { title: pluginsStrings.title };

export default function PluginsPage() {
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
    </PageFrame>
  );
}
