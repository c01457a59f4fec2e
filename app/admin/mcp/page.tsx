import type { Metadata } from "next";
import { adminStrings } from "../../_strings/admin.ts";
import { AdminFrame } from "../_parts/admin-frame.tsx";
import { McpServers } from "./mcp-servers.tsx";

export const metadata: Metadata = { title: adminStrings.mcp };

export default function McpPage() {
  return (
    <AdminFrame title={adminStrings.mcp} lead={adminStrings.leads.mcp}>
      <McpServers />
    </AdminFrame>
  );
}
