"use client";

import { usePathname } from "next/navigation";
import { callApi } from "#lib/browser/api.ts";
import { commonStrings } from "../_strings/common.ts";
import { LinkButton } from "./button.tsx";
import { Icon } from "./icon.tsx";
import { Menu } from "./menu.tsx";
import { useSession } from "./use-session.tsx";

/** Who is signed in, with the way out; or the way in. */
export function UserMenu() {
  const session = useSession();
  const pathname = usePathname();
  if (session.kind === "signed-out") {
    return (
      <LinkButton size="sm" href={`/sign-in?next=${encodeURIComponent(pathname)}`}>
        {commonStrings.signIn}
      </LinkButton>
    );
  }
  if (session.kind !== "signed-in") return null;
  const { user } = session;
  const name = user.isDemo ? commonStrings.demoAccount : (user.email ?? user.id);
  const signOut = (): void => {
    callApi("/api/auth/sign-out", { method: "POST" }).finally(() => location.assign("/sign-in"));
  };
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
      items={[{ label: commonStrings.signOut, icon: "logout", onSelect: signOut }]}
    />
  );
}
