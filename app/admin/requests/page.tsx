import type { Metadata } from "next";
import { filterOf } from "#lib/browser/admin/request-filter.ts";
import { adminStrings } from "../../_strings/admin.ts";
import { AdminFrame } from "../_parts/admin-frame.tsx";
import { Requests } from "./requests.tsx";

export const metadata: Metadata = { title: adminStrings.requests };

type PageProps = { searchParams: Promise<Record<string, string | string[] | undefined>> };

export default async function RequestsPage({ searchParams }: PageProps) {
  return (
    <AdminFrame title={adminStrings.requests} lead={adminStrings.leads.requests}>
      <Requests first={filterOf(await searchParams)} />
    </AdminFrame>
  );
}
