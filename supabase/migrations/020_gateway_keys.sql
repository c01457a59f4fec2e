-- Gateway keys that live: they expire and are rotated, their limits hold for what is under way, and running
-- gateways learn what has changed.
--
-- UPGRADING. Apply this file before the new gateway starts: it finds, makes and admits keys by functions of this
-- file. A gateway of before 020 goes on: it knows expiry and rotation as far as the database tells it, within the
-- 60 s for which it remembers a key, and what it answers is counted, but reserves nothing and takes no slot.

-- Which keys changed ------------------------------------------------------------------------------
-- Gateways remember keys, and ask once a second which ones have changed.

-- No foreign key: a key that is gone has changed, too.
create table if not exists public.gateway_key_changes (
  key_id uuid primary key,
  -- The transaction that changed it. Numbers of a sequence become visible in another order than they are taken in,
  -- and a reader would miss some.
  changed_in xid8 not null,
  changed_at timestamptz not null default now()
);

alter table public.gateway_key_changes enable row level security;
revoke all on table public.gateway_key_changes from public, anon, authenticated, service_role;

create or replace function public.gateway_keys_note_change() returns trigger
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_row jsonb := to_jsonb(case when tg_op = 'DELETE' then old else new end);
begin
  insert into public.gateway_key_changes (key_id, changed_in, changed_at)
  values (coalesce(v_row ->> 'key_id', v_row ->> 'id')::uuid, pg_current_xact_id(), now())
  on conflict (key_id) do update set changed_in = excluded.changed_in, changed_at = excluded.changed_at;
  return null;
end;
$$;

-- The keys that changed since a cursor, which an earlier call returned: {cursor, ids, all}. `all` means that any key
-- may have changed: without a cursor, or with one of another database, and if there are more than 1,000.
--
-- A change may be told twice, and none is missed: the cursor is the oldest transaction that was not yet over.
create or replace function public.gateway_keys_changed_since(p_cursor text) returns jsonb
language plpgsql stable security definer set search_path = '' as $$
declare
  v_snapshot pg_snapshot := pg_current_snapshot();
  v_cursor xid8 := case when p_cursor ~ '^[0-9]{1,18}$' then p_cursor::xid8 end;
  v_ids uuid[] := '{}';
  v_all boolean := v_cursor is null or v_cursor > pg_snapshot_xmax(v_snapshot);
begin
  if not v_all then
    v_ids := array(
      select key_id from public.gateway_key_changes
      -- After a restore, what is here may be of numbers that are still to come.
      where changed_in >= v_cursor and changed_in < pg_snapshot_xmax(v_snapshot)
      limit 1001
    );
    v_all := cardinality(v_ids) > 1000;
  end if;
  return jsonb_build_object(
    'cursor', pg_snapshot_xmin(v_snapshot)::text,
    'ids', case when v_all then '[]'::jsonb else to_jsonb(v_ids) end,
    'all', v_all
  );
end;
$$;

revoke all on function public.gateway_keys_note_change() from public, anon, authenticated, service_role;
revoke all on function public.gateway_keys_changed_since(text) from public, anon, authenticated, service_role;
grant execute on function public.gateway_keys_changed_since(text) to service_role;

-- Expiry and rotation -----------------------------------------------------------------------------

alter table public.gateway_keys
  add column if not exists requests_at_once integer,
  add column if not exists expires_at timestamptz,
  add column if not exists rotated_at timestamptz;

alter table public.gateway_keys
  drop constraint if exists gateway_keys_at_once_bounds,
  drop constraint if exists gateway_keys_expiry;
alter table public.gateway_keys
  add constraint gateway_keys_at_once_bounds check (requests_at_once between 1 and 100000),
  -- The local development key does not end.
  add constraint gateway_keys_expiry check (
    expires_at is null or (not seeded and expires_at > '1970-01-01Z' and expires_at < '10000-01-01Z')
  );

grant select (requests_at_once, expires_at, rotated_at) on table public.gateway_keys to authenticated, service_role;

-- All keys of all users, the newest first.
create index if not exists gateway_keys_created on public.gateway_keys (created_at desc, id desc);

-- Secrets that a key had before it was rotated. Each is accepted until its time is over.
create table if not exists public.gateway_key_secrets (
  -- Lower-case hex SHA-256, as in gateway_keys. Nobody but the owner of the table reads it.
  key_hash text primary key check (key_hash ~ '^[0-9a-f]{64}$'),
  key_id uuid not null references public.gateway_keys (id) on delete cascade,
  valid_until timestamptz not null check (isfinite(valid_until))
);
create index if not exists gateway_key_secrets_key on public.gateway_key_secrets (key_id, valid_until desc);

alter table public.gateway_key_secrets enable row level security;
revoke all on table public.gateway_key_secrets from public, anon, authenticated, service_role;

-- What gateways remember of a key. Not what it was used for last, nor its name.
create or replace trigger gateway_keys_changed after update of
    user_id, key_hash, requests_per_minute, requests_at_once, usd_per_month, modes, expires_at, revoked_at
  on public.gateway_keys for each row execute function public.gateway_keys_note_change();
create or replace trigger gateway_keys_gone after delete on public.gateway_keys
  for each row execute function public.gateway_keys_note_change();
create or replace trigger gateway_key_secrets_changed after update or delete on public.gateway_key_secrets
  for each row execute function public.gateway_keys_note_change();
