import { PageFrame } from "./_ui/page-frame.tsx";
import { SignedIn } from "./_ui/signed-in.tsx";

export default function Home() {
  return (
    <PageFrame title="Chat">
      <SignedIn>{null}</SignedIn>
    </PageFrame>
  );
}
