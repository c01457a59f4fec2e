"use client";

import { commonStrings } from "../_strings/common.ts";
import { LinkButton } from "./button.tsx";
import { Icon } from "./icon.tsx";
import { Menu } from "./menu.tsx";
import { signInPath } from "./sign-in-path.ts";
import { signOut, useSession } from "./use-session.tsx";

/** Who is signed in, with the way out; or the way in. */
export function UserMenu() {
  const session = useSession();
  if (session.kind === "signed-out") {
    return (
      <LinkButton size="sm" href={signInPath()}>
        {commonStrings.signIn}
      </LinkButton>
    );
  }
  if (session.kind !== "signed-in") return null;
  const { user } = session;
  const name = user.isDemo ? commonStrings.demoAccount : (user.email ?? user.id);
  return (
    <Menu
      label={`${commonStrings.account}: ${name}`}
      trigger={
        <>
          <Icon name="user" />
          <span className="hidden max-w-40 truncate lg:inline">{name}</span>
          <span className="sr-only lg:hidden">{name}</span>
        </>
      }
      items={[{ label: commonStrings.signOut, icon: "logout", onSelect: () => void signOut() }]}
    />
  );
}
