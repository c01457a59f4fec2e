"use client";

import { useState } from "react";
import { addressOf, apiQueryOf, type RequestFilter } from "#lib/browser/admin/request-filter.ts";
import { readRequestPage } from "#lib/browser/admin/requests.ts";
import { adminStrings } from "../../_strings/admin.ts";
import { EmptyState } from "../../_ui/states.tsx";
import { Card } from "../../_ui/surfaces.tsx";
import { Paged } from "../_parts/paged.tsx";
import { usePages } from "../_parts/use-pages.ts";
import { RequestFilters } from "./request-filters.tsx";
import { RequestTable } from "./request-table.tsx";

const PAGE = 50;

/** The log of requests. The filters stand in the page's address, so that a view can be sent to a colleague. */
export function Requests({ first }: { first: RequestFilter }) {
  const [filter, setFilter] = useState(first);
  const pages = usePages(`/api/admin/requests?${apiQueryOf(filter, PAGE)}`, readRequestPage);
  const apply = (next: RequestFilter): void => {
    const query = addressOf(next);
    history.replaceState(null, "", query === "" ? "/admin/requests" : `/admin/requests?${query}`);
    setFilter(next);
  };
  return (
    <div className="space-y-6">
      <RequestFilters current={filter} busy={pages.busy} apply={apply} refresh={pages.reload} />
      <Card>
        <Paged
          pages={pages}
          empty={
            <EmptyState
              icon="search"
              title={adminStrings.noRequestsTitle}
              text={adminStrings.noRequestsText}
            />
          }
        >
          {(rows) =>
            rows.length === 0 ? (
              <p className="py-6 text-center text-sm text-muted">{adminStrings.noRequestsSoFar}</p>
            ) : (
              <RequestTable rows={rows} />
            )
          }
        </Paged>
      </Card>
    </div>
  );
}
