-- What the instances of a gateway tell each other through the database.

-- Instances ----------------------------------------------------------------------------------------

-- The running processes of the gateway. What a process holds for a turn counts as long as it is seen: a process that
-- is killed is not seen again. Processes that have no background work (Vercel) have no row.
create table if not exists public.ai_instances (
  -- Random, chosen by the process at its start.
  id uuid primary key,
  started_at timestamptz not null default now(),
  seen_at timestamptz not null default now(),
  -- For the operator: where it runs.
  host text check (char_length(host) <= 100),
  pid integer check (pid >= 0),
  version text check (char_length(version) <= 50),
  constraint ai_instances_times check (isfinite(started_at) and isfinite(seen_at))
);

create index if not exists ai_instances_seen on public.ai_instances (seen_at);

-- Functions alone read and write it.
alter table public.ai_instances enable row level security;
revoke all on table public.ai_instances from public, anon, authenticated, service_role;

-- The version of the schema ------------------------------------------------------------------------

create or replace function public.sarmalink_schema_version() returns integer
language sql immutable set search_path = '' as $$ select 21 $$;

revoke all on function public.sarmalink_schema_version() from public, anon, authenticated, service_role;
grant execute on function public.sarmalink_schema_version() to authenticated, service_role;

notify pgrst, 'reload schema';
