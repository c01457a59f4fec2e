-- Gateway keys that live: they expire and are rotated, their limits hold for what is under way, and running
-- gateways learn what has changed.
--
-- UPGRADING. Apply this file before or after the new gateway starts: until it is there, keys have only the limits of
-- before, and cannot be made or changed. A gateway of before 020 goes on: it knows expiry and rotation as far as the database tells it, within the
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

-- What requests hold ------------------------------------------------------------------------------

-- What a request of a key holds until it is settled or released: one of the key's requests at once, and a part of
-- its budget. Only of keys with such a limit.
create table if not exists public.gateway_key_holds (
  request_id uuid primary key,
  key_id uuid not null references public.gateway_keys (id) on delete cascade,
  -- Counts as one of the key's requests at once.
  has_slot boolean not null,
  -- The most that it may cost, as far as that is known.
  usd numeric not null default 0 check (usd >= 0 and usd <= 1000000000 and scale(usd) <= 40),
  -- The process that answers it. It counts as long as that is seen (ai_instances) ...
  instance_id uuid,
  held_at timestamptz not null default now(),
  -- ... and until then if the process is not among the instances.
  held_until timestamptz not null check (isfinite(held_until))
);
create index if not exists gateway_key_holds_key on public.gateway_key_holds (key_id);

alter table public.gateway_key_holds enable row level security;
revoke all on table public.gateway_key_holds from public, anon, authenticated, service_role;

-- Of these requests those that still count: none of a process that has not been seen for a minute.
create or replace function public.gateway_key_live_holds(p_key_id uuid) returns setof public.gateway_key_holds
language plpgsql stable security definer set search_path = '' as $$
begin
  -- 021 makes the table of instances.
  if to_regclass('public.ai_instances') is null then
    return query select * from public.gateway_key_holds hold
      where hold.key_id = p_key_id and hold.held_until > now();
  else
    return query select hold.* from public.gateway_key_holds hold
      left join public.ai_instances instance on instance.id = hold.instance_id
      where hold.key_id = p_key_id and case when instance.id is null then hold.held_until > now()
        else instance.seen_at > now() - interval '60 seconds' end;
  end if;
end;
$$;

-- Ends what these requests hold; harmless for those that hold nothing. In the order of ids, so that two calls cannot
-- deadlock.
create or replace function public.gateway_key_release(p_ids uuid[]) returns void
language plpgsql volatile security definer set search_path = '' set plan_cache_mode = force_generic_plan as $$
begin
  delete from public.gateway_key_holds where request_id = any(array(
    select request_id from public.gateway_key_holds where request_id = any(p_ids) order by request_id for update
  ));
end;
$$;

-- What keys did today -----------------------------------------------------------------------------

-- Requests that were answered or failed on the newest UTC day on which the key was used, and what they cost.
create table if not exists public.gateway_key_today (
  key_id uuid primary key references public.gateway_keys (id) on delete cascade,
  day date not null check (isfinite(day)),
  requests bigint not null default 0 check (requests >= 0),
  usd numeric not null default 0 check (usd >= 0 and usd <= 1000000000000)
);

alter table public.gateway_key_today enable row level security;
revoke all on table public.gateway_key_today from public, anon, authenticated, service_role;

-- Counts turns that were stored just now. A turn that was only found interrupted is counted when its real end comes,
-- which delivers something or is no interruption.
create or replace function public.gateway_key_count_today(p_ids uuid[]) returns void
language plpgsql volatile security definer set search_path = '' set plan_cache_mode = force_generic_plan as $$
begin
  insert into public.gateway_key_today as today (key_id, day, requests, usd)
  -- Around midnight a batch has turns of two days.
  select distinct on (turn.key_id) turn.key_id, (turn.created_at at time zone 'UTC')::date as day,
         count(*) filter (where turn.status <> 'interrupted' or turn.delivered),
         least(coalesce(sum(turn.cost_usd), 0), 1000000000000)
  from public.ai_chat_usage turn
  where turn.id = any(p_ids) and exists (select 1 from public.gateway_keys where id = turn.key_id)
  group by turn.key_id, day
  order by turn.key_id, day desc
  on conflict (key_id) do update set
    day = greatest(today.day, excluded.day),
    requests = case when today.day > excluded.day then today.requests
      when today.day = excluded.day then today.requests + excluded.requests else excluded.requests end,
    usd = case when today.day > excluded.day then today.usd
      when today.day = excluded.day then least(today.usd + excluded.usd, 1000000000000) else excluded.usd end;
end;
$$;

-- The day of the upgrade, once.
insert into public.gateway_key_today (key_id, day, requests, usd)
select key.id, (now() at time zone 'UTC')::date, used.requests, used.usd
from public.gateway_keys key
cross join lateral (
  select count(*) filter (where turn.status <> 'interrupted' or turn.delivered) as requests,
         least(coalesce(sum(turn.cost_usd), 0), 1000000000000) as usd
  from public.ai_chat_usage turn
  where turn.key_id = key.id and turn.created_at >= date_trunc('day', now(), 'UTC') and turn.status <> 'started'
) as used
where used.requests > 0
on conflict (key_id) do nothing;

-- As in 019, and ends what the turns held: in one transaction, a reservation becomes what was spent.
create or replace function public.ai_after_settle(p_ids uuid[]) returns void
language plpgsql volatile security definer set search_path = '' as $$
begin
  perform public.ai_count_spend(p_ids);
  perform public.gateway_key_count_today(p_ids);
  perform public.gateway_key_release(p_ids);
end;
$$;

-- Admission ---------------------------------------------------------------------------------------

-- Whether a key may make one more request now: checks all of its limits, and counts and holds what the request
-- takes. The limits are those of the key's row. p_request:
--   key_id
--   request_id    the request's id, by which it is settled or released; without one nothing is held
--   instance_id   the process that answers it
--   in_background true for a question behind an answer, which counts against the budget alone
--   max_usd       the most that it may cost; null if that is not known, and then nothing is reserved
--   ended         requests of this key that have ended in the calling process and may not be settled yet: they no
--                 longer count as requests at once, and go on reserving what they may have cost
--
-- Returns {admitted, reason, retry_after_seconds, requests, holds}. reason: 'revoked', 'expired', 'budget' (spent),
-- 'reserved' (what is under way may spend the rest), 'at_once', 'requests', or null. requests: {limit, remaining,
-- reset_ms} of the key's minute, or null for a key without that limit. holds: it holds something from now on.
--
-- Asking once more for a request whose first answer was lost is harmless: what it holds already is not counted against
-- it. Waits for other admissions of the key no longer than the gateway waits for an answer.
--
-- A request that may cost something is admitted if what is spent, what others may still spend and what it may cost
-- are within the budget; and also if nothing else that costs is under way and the budget is not spent, so that the
-- last of it can be used.
create or replace function public.gateway_key_admit(p_request jsonb) returns jsonb
language plpgsql volatile security definer set search_path = '' set lock_timeout = '2s' as $$
declare
  -- PostgREST hands a JSON object over as one; @supabase/lite as a string that holds one.
  v_request jsonb := case when jsonb_typeof(p_request) = 'string' then (p_request #>> '{}')::jsonb else p_request end;
  v_key public.gateway_keys;
  v_month timestamptz := date_trunc('month', now(), 'UTC');
  v_id uuid := (v_request ->> 'request_id')::uuid;
  v_in_background boolean := coalesce((v_request ->> 'in_background')::boolean, false);
  v_max_usd numeric := least(greatest(coalesce((v_request ->> 'max_usd')::numeric, 0), 0), 1000000000);
  v_ended uuid[] := array(select value::uuid from jsonb_array_elements_text(coalesce(v_request -> 'ended', '[]')));
  v_held record;
  v_spent numeric;
  v_left jsonb;
  v_requests jsonb;
  v_holds boolean := false;
begin
  select * into v_key from public.gateway_keys where id = (v_request ->> 'key_id')::uuid;
  if not found or v_key.revoked_at is not null then
    return public.gateway_key_refusal('revoked', null, null);
  elsif v_key.expires_at <= now() then
    return public.gateway_key_refusal('expired', null, null);
  end if;
  -- Nobody waits for the disk: a count that is lost with the machine harms nobody.
  perform set_config('synchronous_commit', 'off', true);

  if v_key.requests_at_once is not null or v_key.usd_per_month is not null then
    -- One admission of a key at a time, over all processes.
    perform pg_advisory_xact_lock(hashtextextended('gateway_key_admit:' || v_key.id::text, 0));
    select count(*) filter (where has_slot and request_id <> all(v_ended)) as slots,
           coalesce(sum(usd) filter (where held_at >= v_month), 0) as usd,
           count(*) filter (where usd > 0 and held_at >= v_month) as costing,
           count(*) as all_of_them
      into v_held from public.gateway_key_live_holds(v_key.id) where request_id is distinct from v_id;
    v_left := public.gateway_key_requests_left(v_key.id, v_key.requests_per_minute);
    if v_key.usd_per_month is not null then
      v_spent := coalesce(
        (select usd from public.gateway_key_spend where key_id = v_key.id
           and month = (v_month at time zone 'UTC')::date), 0);
      if v_spent >= v_key.usd_per_month then
        return public.gateway_key_refusal('budget', extract(epoch from
          (v_month at time zone 'UTC' + interval '1 month') at time zone 'UTC' - now()), v_left);
      elsif v_max_usd > 0 and v_held.costing > 0 and v_spent + v_held.usd + v_max_usd > v_key.usd_per_month then
        return public.gateway_key_refusal('reserved', 2, v_left);
      end if;
    end if;
    if not v_in_background and v_held.slots >= v_key.requests_at_once then
      return public.gateway_key_refusal('at_once', 1, v_left);
    end if;
  end if;

  if v_key.requests_per_minute is not null and not v_in_background then
    v_requests := public.gateway_key_count_request(v_key.id, v_key.requests_per_minute);
    if v_requests -> 'is_counted' = 'false' then
      return public.gateway_key_refusal(
        'requests', (v_requests ->> 'reset_ms')::numeric / 1000, v_requests - 'is_counted');
    end if;
  end if;

  if v_id is not null and (
    v_key.requests_at_once is not null and not v_in_background or v_key.usd_per_month is not null and v_max_usd > 0
  ) then
    insert into public.gateway_key_holds (request_id, key_id, has_slot, usd, instance_id, held_until)
    values (
      v_id, v_key.id, v_key.requests_at_once is not null and not v_in_background,
      case when v_key.usd_per_month is null then 0 else trim_scale(round(v_max_usd, 12)) end,
      (v_request ->> 'instance_id')::uuid, now() + interval '15 minutes'
    )
    on conflict (request_id) do nothing;
    v_holds := true;
  end if;
  return jsonb_build_object(
    'admitted', true, 'reason', null, 'retry_after_seconds', null, 'requests', v_requests - 'is_counted',
    'holds', v_holds
  );
end;
$$;

create or replace function public.gateway_key_refusal(p_reason text, p_wait_seconds numeric, p_requests jsonb)
returns jsonb
language sql immutable set search_path = '' as $$
  select jsonb_build_object(
    'admitted', false, 'reason', p_reason,
    'retry_after_seconds', case when p_wait_seconds is not null then greatest(ceil(p_wait_seconds), 1) end,
    'requests', p_requests
  );
$$;

-- Counts a request in the key's minute, if there is room: {is_counted, limit, remaining, reset_ms}.
create or replace function public.gateway_key_count_request(p_key_id uuid, p_limit integer) returns jsonb
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_window public.gateway_key_windows;
  v_is_counted boolean;
begin
  insert into public.gateway_key_windows as current (key_id, started_at, used)
  values (p_key_id, now(), 1)
  on conflict (key_id) do update set
    started_at = case when current.started_at <= now() - interval '1 minute' then now() else current.started_at end,
    used = case when current.started_at <= now() - interval '1 minute' then 1 else current.used + 1 end
    where current.started_at <= now() - interval '1 minute' or current.used < p_limit
  returning * into v_window;
  v_is_counted := found;
  if not v_is_counted then
    select * into v_window from public.gateway_key_windows where key_id = p_key_id;
  end if;
  return jsonb_build_object(
    'is_counted', v_is_counted,
    'limit', p_limit,
    'remaining', greatest(p_limit - v_window.used, 0),
    'reset_ms', greatest(
      round(extract(epoch from v_window.started_at + interval '1 minute' - clock_timestamp()) * 1000), 0)
  );
end;
$$;

-- What is left of a key's minute, without counting: {limit, remaining, reset_ms}; null without that limit.
create or replace function public.gateway_key_requests_left(p_key_id uuid, p_limit integer) returns jsonb
language sql stable security definer set search_path = '' as $$
  select jsonb_build_object(
    'limit', p_limit,
    'remaining', greatest(p_limit - coalesce(current.used, 0), 0),
    'reset_ms', greatest(round(coalesce(
      extract(epoch from current.started_at + interval '1 minute' - clock_timestamp()) * 1000, 0)), 0)
  )
  from (select 1) as always left join public.gateway_key_windows current
    on current.key_id = p_key_id and current.started_at > now() - interval '1 minute'
  where p_limit is not null;
$$;

-- For gateways of before 020.
create or replace function public.admit_gateway_key(p_key_id uuid) returns jsonb
language sql volatile security definer set search_path = '' as $$
  select case verdict ->> 'reason'
      when 'expired' then verdict || '{"reason": "revoked"}'
      when 'reserved' then verdict || '{"reason": "budget"}'
      when 'at_once' then verdict || '{"reason": "requests"}'
      else verdict end - array['requests', 'holds']
  from public.gateway_key_admit(jsonb_build_object('key_id', p_key_id)) as verdict;
$$;

-- Finding a key -----------------------------------------------------------------------------------

-- The key with this digest, or null if there is none or it is revoked: {id, user_id, requests_per_minute,
-- requests_at_once, usd_per_month, modes, state, valid_ms, ends_as, ends_at}. state: 'live', 'expired', or 'replaced'
-- (a secret of before a rotation, whose time is over). valid_ms: how long the secret stays valid, null without an end;
-- by the database's clock, since others may differ. ends_as: 'expired' or 'replaced', what it will be or is.
create or replace function public.gateway_key_find(p_key_hash text) returns jsonb
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_key public.gateway_keys;
  v_valid_until timestamptz;
  v_ends timestamptz;
  v_state text := 'live';
begin
  select * into v_key from public.gateway_keys where key_hash = p_key_hash;
  if not found then
    select secret.valid_until into v_valid_until
      from public.gateway_key_secrets secret where secret.key_hash = p_key_hash;
    if found then
      select key.* into v_key from public.gateway_keys key
        join public.gateway_key_secrets secret on secret.key_id = key.id where secret.key_hash = p_key_hash;
    end if;
  end if;
  if v_key.id is null or v_key.revoked_at is not null then
    return null;
  end if;
  v_ends := least(v_key.expires_at, v_valid_until);
  if v_key.expires_at <= now() then
    v_state := 'expired';
    v_ends := v_key.expires_at;
  elsif v_valid_until <= now() then
    v_state := 'replaced';
  -- At most one write a minute and key: a lookup must not turn every request into an update. A row that another
  -- request holds is being touched by it.
  elsif v_key.last_used_at is null or v_key.last_used_at < now() - interval '1 minute' then
    update public.gateway_keys set last_used_at = now()
      where id in (select id from public.gateway_keys where id = v_key.id for update skip locked);
  end if;
  return jsonb_build_object(
    'id', v_key.id,
    'user_id', v_key.user_id,
    'requests_per_minute', v_key.requests_per_minute,
    'requests_at_once', v_key.requests_at_once,
    'usd_per_month', v_key.usd_per_month,
    'modes', v_key.modes,
    'state', v_state,
    'valid_ms', greatest(round(extract(epoch from v_ends - now()) * 1000), 0),
    'ends_as', case when v_ends = v_key.expires_at then 'expired' when v_ends is not null then 'replaced' end,
    'ends_at', v_ends
  );
end;
$$;

-- For gateways of before 020, which do not know how a key ends.
create or replace function public.find_gateway_key(p_key_hash text) returns jsonb
language sql volatile security definer set search_path = '' as $$
  select case when found ->> 'state' = 'live' then found end from public.gateway_key_find(p_key_hash) as found;
$$;

-- Managing keys -----------------------------------------------------------------------------------
-- p_owner: whose keys these may be; null for an administrator, who manages the keys of all users. p_actor: who does
-- it. Only the service role may execute these functions, and the gateway decides who is an administrator.

-- What administrators did to keys of others.
create table if not exists public.gateway_key_actions (
  id bigint generated always as identity primary key,
  -- No foreign keys: what was done is known when the key, or who did it, is gone.
  key_id uuid not null,
  actor_id uuid not null,
  action text not null check (action in ('create', 'change', 'rotate', 'revoke')),
  done_at timestamptz not null default now()
);
create index if not exists gateway_key_actions_key on public.gateway_key_actions (key_id, id desc);

alter table public.gateway_key_actions enable row level security;
revoke all on table public.gateway_key_actions from public, anon, authenticated, service_role;

create or replace function public.gateway_key_note_action(p_key public.gateway_keys, p_actor uuid, p_action text)
returns void
language sql volatile security definer set search_path = '' as $$
  insert into public.gateway_key_actions (key_id, actor_id, action)
  select p_key.id, p_actor, p_action where p_actor <> p_key.user_id;
$$;

-- A key as it is shown: its row without its digest, and what it has used.
create or replace function public.gateway_key_shown(p_key public.gateway_keys) returns jsonb
language plpgsql stable security definer set search_path = '' as $$
declare
  v_today date := (now() at time zone 'UTC')::date;
  v_used public.gateway_key_today;
begin
  select * into v_used from public.gateway_key_today where key_id = p_key.id and day = v_today;
  return to_jsonb(p_key) - 'key_hash' - 'seeded' || jsonb_build_object(
    'spent_usd_this_month', coalesce((
      select usd from public.gateway_key_spend where key_id = p_key.id and month = date_trunc('month', v_today)::date
    ), 0),
    'spent_usd_today', coalesce(v_used.usd, 0),
    'requests_today', coalesce(v_used.requests, 0),
    'in_flight', case when p_key.requests_at_once is not null then (
      select count(*) filter (where has_slot) from public.gateway_key_live_holds(p_key.id)
    ) end,
    'previous_valid_until', (
      select max(valid_until) from public.gateway_key_secrets where key_id = p_key.id and valid_until > now()
    )
  );
end;
$$;

-- How many keys of a user are live. Locks the user's keys first: two made at once would each count 99 others.
create or replace function public.gateway_keys_lock_and_count(p_user_id uuid) returns integer
language plpgsql volatile security definer set search_path = '' as $$
begin
  perform pg_advisory_xact_lock(hashtextextended('gateway_keys:' || p_user_id::text, 0));
  return (
    select count(*) from public.gateway_keys
    where user_id = p_user_id and revoked_at is null and (expires_at is null or expires_at > now())
  );
end;
$$;

-- A new key. p_key: {user_id, name, key_hash, prefix, requests_per_minute, requests_at_once, usd_per_month, modes,
-- expires_at}. PT409: the user has 100 live keys. PT400: it would have expired already. Of the keys that are revoked
-- or expired the newest 500 are kept.
create or replace function public.gateway_key_add(p_key jsonb, p_actor uuid) returns jsonb
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_given jsonb := case when jsonb_typeof(p_key) = 'string' then (p_key #>> '{}')::jsonb else p_key end;
  v_user uuid := (v_given ->> 'user_id')::uuid;
  v_key public.gateway_keys;
begin
  if (v_given ->> 'expires_at')::timestamptz <= now() then
    raise exception 'the key would have expired already' using errcode = 'PT400';
  end if;
  if public.gateway_keys_lock_and_count(v_user) >= 100 then
    raise exception 'too many live keys' using errcode = 'PT409', detail = 'too_many';
  end if;
  delete from public.gateway_keys where id in (
    select id from public.gateway_keys
    where user_id = v_user and (revoked_at is not null or expires_at <= now())
    order by least(revoked_at, expires_at) desc, id
    offset 500
  );
  delete from public.gateway_key_changes where changed_at < now() - interval '1 day';
  delete from public.gateway_key_actions where done_at < now() - interval '1 year';
  insert into public.gateway_keys (
    user_id, name, key_hash, prefix, requests_per_minute, requests_at_once, usd_per_month, modes, expires_at
  )
  values (
    v_user, v_given ->> 'name', v_given ->> 'key_hash', v_given ->> 'prefix',
    (v_given ->> 'requests_per_minute')::integer, (v_given ->> 'requests_at_once')::integer,
    (v_given ->> 'usd_per_month')::numeric, public.gateway_key_modes(v_given -> 'modes'),
    (v_given ->> 'expires_at')::timestamptz
  )
  returning * into v_key;
  perform public.gateway_key_note_action(v_key, p_actor, 'create');
  return public.gateway_key_shown(v_key);
end;
$$;

create or replace function public.gateway_key_modes(p_modes jsonb) returns text[]
language sql immutable set search_path = '' as $$
  select case when jsonb_typeof(p_modes) = 'array' then array(select jsonb_array_elements_text(p_modes)) end;
$$;

-- For gateways of before 020.
create or replace function public.create_gateway_key(
  p_name text,
  p_key_hash text,
  p_prefix text,
  p_requests_per_minute integer,
  p_usd_per_month numeric,
  p_modes text[],
  p_user_id uuid
) returns jsonb
language sql volatile security definer set search_path = '' as $$
  select public.gateway_key_add(jsonb_build_object(
    'user_id', p_user_id, 'name', p_name, 'key_hash', p_key_hash, 'prefix', p_prefix,
    'requests_per_minute', p_requests_per_minute, 'usd_per_month', p_usd_per_month, 'modes', p_modes
  ), p_user_id);
$$;

-- A key of this owner for a change, locked. Null if there is none.
create or replace function public.gateway_key_locked(p_key_id uuid, p_owner uuid) returns public.gateway_keys
language sql volatile security definer set search_path = '' as $$
  select * from public.gateway_keys
  where id = p_key_id and (p_owner is null or user_id = p_owner) for no key update;
$$;

-- Changes a key: those of name, requests_per_minute, requests_at_once, usd_per_month, modes and expires_at that
-- p_changes has; null takes a limit away. Returns the key, or null if this owner has none such. PT409: it is revoked
-- ('revoked'), is the local key, which does not expire ('seeded'), or would be live again as the 101st ('too_many').
-- PT400: it would have expired already.
create or replace function public.gateway_key_change(p_key_id uuid, p_owner uuid, p_changes jsonb, p_actor uuid)
returns jsonb
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_changes jsonb := case when jsonb_typeof(p_changes) = 'string' then (p_changes #>> '{}')::jsonb else p_changes end;
  v_expires timestamptz := (v_changes ->> 'expires_at')::timestamptz;
  v_key public.gateway_keys;
begin
  select user_id, expires_at into v_key.user_id, v_key.expires_at
    from public.gateway_keys where id = p_key_id and (p_owner is null or user_id = p_owner);
  if not found then
    return null;
  end if;
  -- Before the key's own lock, as everywhere.
  if v_changes ? 'expires_at' and v_key.expires_at <= now()
    and public.gateway_keys_lock_and_count(v_key.user_id) >= 100
  then
    raise exception 'too many live keys' using errcode = 'PT409', detail = 'too_many';
  end if;
  v_key := public.gateway_key_locked(p_key_id, p_owner);
  if v_key.id is null then
    return null;
  elsif v_key.revoked_at is not null then
    raise exception 'the key is revoked' using errcode = 'PT409', detail = 'revoked';
  elsif v_expires is not null and v_key.seeded then
    raise exception 'the local key does not expire' using errcode = 'PT409', detail = 'seeded';
  elsif v_expires <= now() then
    raise exception 'the key would have expired already' using errcode = 'PT400';
  end if;
  update public.gateway_keys set
    name = case when v_changes ? 'name' then v_changes ->> 'name' else name end,
    requests_per_minute = case when v_changes ? 'requests_per_minute'
      then (v_changes ->> 'requests_per_minute')::integer else requests_per_minute end,
    requests_at_once = case when v_changes ? 'requests_at_once'
      then (v_changes ->> 'requests_at_once')::integer else requests_at_once end,
    usd_per_month = case when v_changes ? 'usd_per_month'
      then (v_changes ->> 'usd_per_month')::numeric else usd_per_month end,
    modes = case when v_changes ? 'modes' then public.gateway_key_modes(v_changes -> 'modes') else modes end,
    expires_at = case when v_changes ? 'expires_at' then v_expires else expires_at end
  where id = p_key_id
  returning * into v_key;
  perform public.gateway_key_note_action(v_key, p_actor, 'change');
  return public.gateway_key_shown(v_key);
end;
$$;

-- Gives a key a new secret. The old one is accepted for so many seconds more, and no older one for longer. Returns the
-- key, or null if this owner has none such. PT409: it is revoked ('revoked') or has expired ('expired'), is the local
-- key, whose secret is in a file ('seeded'), or ten older secrets are accepted already ('too_many_secrets').
create or replace function public.gateway_key_rotate(
  p_key_id uuid, p_owner uuid, p_key_hash text, p_prefix text, p_grace_seconds integer, p_actor uuid
) returns jsonb
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_key public.gateway_keys := public.gateway_key_locked(p_key_id, p_owner);
  v_until timestamptz;
begin
  if v_key.id is null then
    return null;
  elsif p_grace_seconds is null or p_grace_seconds < 0 or p_grace_seconds > 2592000 then
    raise exception 'the grace is 0 to 30 days' using errcode = '22023';
  elsif v_key.seeded then
    raise exception 'the secret of the local key is in a file' using errcode = 'PT409', detail = 'seeded';
  elsif v_key.revoked_at is not null then
    raise exception 'the key is revoked' using errcode = 'PT409', detail = 'revoked';
  elsif v_key.expires_at <= now() then
    raise exception 'the key has expired' using errcode = 'PT409', detail = 'expired';
  end if;
  v_until := now() + make_interval(secs => p_grace_seconds);
  update public.gateway_key_secrets set valid_until = v_until where key_id = p_key_id and valid_until > v_until;
  if (select count(*) from public.gateway_key_secrets where key_id = p_key_id and valid_until > now()) >= 10 then
    raise exception 'too many secrets' using errcode = 'PT409', detail = 'too_many_secrets';
  end if;
  -- Those that are over are kept for a while: their holders are told.
  delete from public.gateway_key_secrets where key_hash in (
    select key_hash from public.gateway_key_secrets where key_id = p_key_id order by valid_until desc, key_hash offset 20
  );
  insert into public.gateway_key_secrets (key_hash, key_id, valid_until) values (v_key.key_hash, p_key_id, v_until);
  update public.gateway_keys set key_hash = p_key_hash, prefix = p_prefix, rotated_at = now()
    where id = p_key_id
    returning * into v_key;
  perform public.gateway_key_note_action(v_key, p_actor, 'rotate');
  return public.gateway_key_shown(v_key);
end;
$$;

-- False if this owner has no such key. Revoking twice is harmless and keeps the first time.
create or replace function public.gateway_key_revoke(p_key_id uuid, p_owner uuid, p_actor uuid) returns boolean
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_key public.gateway_keys := public.gateway_key_locked(p_key_id, p_owner);
begin
  if v_key.id is null then
    return false;
  elsif v_key.revoked_at is null then
    update public.gateway_keys set revoked_at = now() where id = p_key_id;
    perform public.gateway_key_note_action(v_key, p_actor, 'revoke');
  end if;
  return true;
end;
$$;

-- One key of this owner, with the last 20 things that administrators did to it; null if there is none.
create or replace function public.gateway_key_get(p_key_id uuid, p_owner uuid) returns jsonb
language sql stable security definer set search_path = '' as $$
  select public.gateway_key_shown(key) || jsonb_build_object('admin_actions', (
    select coalesce(jsonb_agg(jsonb_build_object(
      'action', action, 'actor_id', actor_id, 'done_at', done_at) order by id desc), '[]')
    from (
      select * from public.gateway_key_actions where key_id = key.id order by id desc limit 20
    ) as newest
  ))
  from public.gateway_keys key where key.id = p_key_id and (p_owner is null or key.user_id = p_owner);
$$;

-- As in 009: the user's keys, live ones first; at most 600.
create or replace function public.list_gateway_keys(p_user_id uuid) returns jsonb
language sql stable security definer set search_path = '' as $$
  select coalesce(jsonb_agg(public.gateway_key_shown(listed.key) order by listed.place), '[]'::jsonb)
  from (
    select owned as key, row_number() over (
      order by least(owned.revoked_at, case when owned.expires_at <= now() then owned.expires_at end) desc nulls first,
        owned.created_at desc, owned.id
    ) as place
    from public.gateway_keys owned
    where owned.user_id = p_user_id
    order by place
    limit 600
  ) as listed;
$$;

-- Keys of all users, or of one, the newest first: those behind a place in that order, {created_at, id}. Returns
-- {keys, next}; next is the place of the last one, or null if there are no more.
create or replace function public.gateway_keys_page(p_user_id uuid, p_after jsonb, p_limit integer) returns jsonb
language plpgsql stable security definer set search_path = '' as $$
declare
  v_after jsonb := case when jsonb_typeof(p_after) = 'string' then (p_after #>> '{}')::jsonb else p_after end;
  v_at timestamptz := coalesce((v_after ->> 'created_at')::timestamptz, 'infinity');
  v_id uuid := coalesce((v_after ->> 'id')::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff');
  v_limit integer := least(greatest(coalesce(p_limit, 50), 1), 200);
  v_keys jsonb;
begin
  -- One more than is shown tells whether there are more.
  select coalesce(jsonb_agg(public.gateway_key_shown(found.key) order by found.created_at desc, found.id desc), '[]')
  into v_keys
  from (
    select key, key.created_at, key.id from public.gateway_keys key
    where (key.created_at, key.id) < (v_at, v_id) and (p_user_id is null or key.user_id = p_user_id)
    order by key.created_at desc, key.id desc
    limit v_limit + 1
  ) as found;
  if jsonb_array_length(v_keys) <= v_limit then
    return jsonb_build_object('keys', v_keys, 'next', null);
  end if;
  v_keys := v_keys - v_limit;
  return jsonb_build_object('keys', v_keys, 'next', jsonb_build_object(
    'created_at', v_keys -> -1 -> 'created_at', 'id', v_keys -> -1 -> 'id'));
end;
$$;

-- Removes what dead processes held. Returns how much that was. Nothing depends on it: what they held does not count.
create or replace function public.gateway_keys_prune(p_limit integer default 1000) returns integer
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_stale uuid[];
begin
  v_stale := array(
    select hold.request_id from public.gateway_key_holds hold
    where hold.held_at < now() - interval '60 seconds' and not exists (
      select 1 from public.gateway_key_live_holds(hold.key_id) live where live.request_id = hold.request_id
    )
    order by hold.request_id limit p_limit
  );
  delete from public.gateway_key_holds where request_id = any(array(
    select request_id from public.gateway_key_holds where request_id = any(v_stale)
    order by request_id for update skip locked
  ));
  return cardinality(v_stale);
end;
$$;

-- Grants ------------------------------------------------------------------------------------------
-- Functions are executable by PUBLIC unless that is taken away. Those that are replaced keep their grants.

revoke all on function public.gateway_key_live_holds(uuid) from public, anon, authenticated, service_role;
revoke all on function public.gateway_key_release(uuid[]) from public, anon, authenticated, service_role;
revoke all on function public.gateway_key_count_today(uuid[]) from public, anon, authenticated, service_role;
revoke all on function public.gateway_key_admit(jsonb) from public, anon, authenticated, service_role;
revoke all on function public.gateway_key_refusal(text, numeric, jsonb) from public, anon, authenticated, service_role;
revoke all on function public.gateway_key_requests_left(uuid, integer) from public, anon, authenticated, service_role;
revoke all on function public.gateway_key_count_request(uuid, integer) from public, anon, authenticated, service_role;
revoke all on function public.gateway_key_find(text) from public, anon, authenticated, service_role;
revoke all on function public.gateway_key_note_action(public.gateway_keys, uuid, text)
  from public, anon, authenticated, service_role;
revoke all on function public.gateway_key_shown(public.gateway_keys) from public, anon, authenticated, service_role;
revoke all on function public.gateway_keys_lock_and_count(uuid) from public, anon, authenticated, service_role;
revoke all on function public.gateway_key_add(jsonb, uuid) from public, anon, authenticated, service_role;
revoke all on function public.gateway_key_modes(jsonb) from public, anon, authenticated, service_role;
revoke all on function public.gateway_key_locked(uuid, uuid) from public, anon, authenticated, service_role;
revoke all on function public.gateway_key_change(uuid, uuid, jsonb, uuid) from public, anon, authenticated, service_role;
revoke all on function public.gateway_key_rotate(uuid, uuid, text, text, integer, uuid)
  from public, anon, authenticated, service_role;
revoke all on function public.gateway_key_revoke(uuid, uuid, uuid) from public, anon, authenticated, service_role;
revoke all on function public.gateway_key_get(uuid, uuid) from public, anon, authenticated, service_role;
revoke all on function public.gateway_keys_page(uuid, jsonb, integer) from public, anon, authenticated, service_role;
revoke all on function public.gateway_keys_prune(integer) from public, anon, authenticated, service_role;
grant execute on function public.gateway_key_admit(jsonb) to service_role;
grant execute on function public.gateway_key_release(uuid[]) to service_role;
grant execute on function public.gateway_key_find(text) to service_role;
grant execute on function public.gateway_key_add(jsonb, uuid) to service_role;
grant execute on function public.gateway_key_change(uuid, uuid, jsonb, uuid) to service_role;
grant execute on function public.gateway_key_rotate(uuid, uuid, text, text, integer, uuid) to service_role;
grant execute on function public.gateway_key_revoke(uuid, uuid, uuid) to service_role;
grant execute on function public.gateway_key_get(uuid, uuid) to service_role;
grant execute on function public.gateway_keys_page(uuid, jsonb, integer) to service_role;
grant execute on function public.gateway_keys_prune(integer) to service_role;

-- Which version a database has --------------------------------------------------------------------

create or replace function public.sarmalink_schema_version() returns integer
language sql immutable set search_path = '' as $$ select 20 $$;

revoke all on function public.sarmalink_schema_version() from public, anon, authenticated, service_role;
grant execute on function public.sarmalink_schema_version() to authenticated, service_role;

notify pgrst, 'reload schema';
