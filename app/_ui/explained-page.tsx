import type { ReactNode } from "react";
import { LinkButton } from "./button.tsx";
import { PageFrame } from "./page-frame.tsx";
import { SignedIn } from "./signed-in.tsx";

type ExplainedPageProps = {
  texts: { title: string; lead: string; howItWorks: string };
  /** The page of the documentation that explains it. */
  docs: `/docs/${string}`;
  children: ReactNode;
};

/** A page for who has signed in, with a way to its explanation. */
export function ExplainedPage({ texts: { title, lead, howItWorks }, docs, children }: ExplainedPageProps) {
  const explanation = (
    <LinkButton href={docs} icon="book">
      {howItWorks}
    </LinkButton>
  );
  return (
    <PageFrame title={title} lead={lead} actions={explanation}>
      <SignedIn>{children}</SignedIn>
    </PageFrame>
  );
}
