-- What an early 003 lacks: it was edited after it had been released, so whoever had applied it never got the
-- change. On a database with today's 003 this changes nothing. The functions that differ in early forms of 001
-- and 003 (settle_turn, ai_store_turns, settle_key_turn) are defined anew in 010.

create table if not exists public.gateway_key_marker (
  id boolean primary key default true check (id),
  created_at timestamptz not null default now()
);

alter table public.gateway_key_marker enable row level security;
revoke all on table public.gateway_key_marker from public, anon, authenticated, service_role;

create or replace function public.gateway_keys_mark() returns trigger
language plpgsql volatile security definer set search_path = '' as $$
begin
  insert into public.gateway_key_marker default values on conflict do nothing;
  return null;
end;
$$;

drop trigger if exists gateway_keys_mark on public.gateway_keys;
create trigger gateway_keys_mark after insert or update of seeded on public.gateway_keys
  for each row when (not new.seeded) execute function public.gateway_keys_mark();

insert into public.gateway_key_marker
  select true, min(created_at) from public.gateway_keys where not seeded having count(*) > 0
  on conflict do nothing;

create or replace function public.gateway_key_ever_created() returns boolean
language sql stable security definer set search_path = '' as $$
  select exists (select 1 from public.gateway_key_marker);
$$;

-- Functions are executable by PUBLIC unless that is taken away.
revoke all on function public.gateway_keys_mark() from public, anon, authenticated, service_role;
revoke all on function public.gateway_key_ever_created() from public, anon, authenticated, service_role;
grant execute on function public.gateway_key_ever_created() to service_role;

notify pgrst, 'reload schema';
