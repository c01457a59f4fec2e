import { safeHref } from "#lib/browser/markdown/link-policy.ts";
import type { Source } from "#lib/browser/turn-view.ts";
import { chatStrings } from "../_strings/chat.ts";
import { Icon } from "../_ui/icon.tsx";

/** The pages that an answer is based on. */
export function Sources({ sources }: { sources: readonly Source[] }) {
  const links = sources.flatMap(({ title, uri }) => {
    const href = safeHref(uri);
    return href === undefined ? [] : [{ href, host: hostOf(href), title: title ?? href }];
  });
  if (links.length === 0) return null;
  return (
    <section aria-label={chatStrings.sources} className="text-sm">
      <h3 className="mb-1.5 font-medium">{chatStrings.sources}</h3>
      <ol className="flex flex-wrap gap-2">
        {links.map(({ href, host, title }) => (
          <li key={href} className="max-w-full">
            <a
              href={href}
              target="_blank"
              rel="noopener noreferrer nofollow"
              className="flex max-w-72 items-center gap-1.5 rounded-lg border border-line px-2.5 py-1.5 hover:bg-panel"
            >
              <span className="truncate">{title}</span>
              <span className="shrink-0 text-xs text-muted">{host}</span>
              <Icon name="external" size={12} className="text-muted" />
            </a>
          </li>
        ))}
      </ol>
    </section>
  );
}

function hostOf(href: string): string {
  return URL.canParse(href) ? new URL(href).hostname : "";
}
