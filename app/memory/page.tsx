import type { Metadata } from "next";
import { memoryStrings } from "../_strings/memory.ts";
import { PageFrame } from "../_ui/page-frame.tsx";
import { SignedIn } from "../_ui/signed-in.tsx";
import { Memories } from "./memories.tsx";

export const metadata: Metadata = { title: memoryStrings.title };

export default function MemoryPage() {
  return (
    <PageFrame title={memoryStrings.title} lead={memoryStrings.lead}>
      <SignedIn>
        <Memories />
      </SignedIn>
    </PageFrame>
  );
}
