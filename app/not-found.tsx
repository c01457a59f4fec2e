import { commonStrings } from "./_strings/common.ts";
import { LinkButton } from "./_ui/button.tsx";
import { PageFrame } from "./_ui/page-frame.tsx";

export default function NotFound() {
  return (
    <PageFrame title={commonStrings.notFoundTitle} lead={commonStrings.notFoundText}>
      <LinkButton href="/" variant="primary">
        {commonStrings.home}
      </LinkButton>
    </PageFrame>
  );
}
