import type { Metadata } from "next";
import { adminStrings } from "../../../_strings/admin.ts";
import { AdminFrame } from "../../_parts/admin-frame.tsx";
import { RequestDetails } from "./request-details.tsx";

export const metadata: Metadata = { title: adminStrings.requestTitle };

export default async function RequestPage({ params }: { params: Promise<{ id: string }> }) {
  const { id } = await params;
  return (
    <AdminFrame title={adminStrings.requestTitle} lead={adminStrings.leads.request}>
      <RequestDetails id={id} />
    </AdminFrame>
  );
}
