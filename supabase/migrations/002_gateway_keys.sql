-- Gateway keys: bearer tokens that act for their owner. Only the SHA-256 is stored, the key itself is
-- shown once. Keys are revoked, never deleted: "has a key ever been created" decides whether the
-- OpenAI-shaped routes are open.

create table if not exists public.gateway_keys (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null references auth.users (id) on delete cascade,
  name text not null check (char_length(name) between 1 and 100),
  -- Lower-case hex SHA-256 of the whole key. No role but the owner of the table reads it.
  key_hash text not null check (key_hash ~ '^[0-9a-f]{64}$'),
  -- What a list shows, e.g. `sk-sarmalink-ab12`.
  prefix text not null check (char_length(prefix) <= 32),
  -- True for the local development key, which does not close the open routes.
  seeded boolean not null default false,
  -- Null: unlimited.
  requests_per_minute integer check (requests_per_minute > 0),
  usd_per_month numeric check (usd_per_month >= 0),
  modes text[],
  created_at timestamptz not null default now(),
  last_used_at timestamptz,
  revoked_at timestamptz
);

create unique index if not exists gateway_keys_key_hash on public.gateway_keys (key_hash);
create index if not exists gateway_keys_user_created on public.gateway_keys (user_id, created_at desc);

alter table public.gateway_keys enable row level security;

drop policy if exists gateway_keys_own on public.gateway_keys;
create policy gateway_keys_own on public.gateway_keys for select to authenticated
  using ((select auth.uid()) = user_id);

revoke all on table public.gateway_keys from public, anon, authenticated, service_role;

grant select (
  id, user_id, name, prefix, seeded, requests_per_minute, usd_per_month, modes, created_at, last_used_at, revoked_at
) on table public.gateway_keys to authenticated, service_role;
grant insert (
  user_id, name, key_hash, prefix, seeded, requests_per_minute, usd_per_month, modes
) on table public.gateway_keys to service_role;
grant update (
  name, requests_per_minute, usd_per_month, modes, revoked_at
) on table public.gateway_keys to service_role;

-- The live key with this digest as {id, user_id, requests_per_minute, usd_per_month, modes}, or null.
create or replace function public.find_gateway_key(p_key_hash text) returns jsonb
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_key public.gateway_keys;
begin
  select * into v_key from public.gateway_keys where key_hash = p_key_hash and revoked_at is null;
  if not found then
    return null;
  end if;
  -- At most one write a minute and key: a lookup must not turn every request into an update. A row
  -- that another request holds is being touched by it.
  if v_key.last_used_at is null or v_key.last_used_at < now() - interval '1 minute' then
    update public.gateway_keys set last_used_at = now()
      where id in (select id from public.gateway_keys where id = v_key.id for update skip locked);
  end if;
  return jsonb_build_object(
    'id', v_key.id,
    'user_id', v_key.user_id,
    'requests_per_minute', v_key.requests_per_minute,
    'usd_per_month', v_key.usd_per_month,
    'modes', v_key.modes
  );
end;
$$;

revoke all on function public.find_gateway_key(text) from public, anon, authenticated, service_role;
grant execute on function public.find_gateway_key(text) to service_role;

notify pgrst, 'reload schema';
