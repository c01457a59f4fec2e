-- The OpenAI-shaped routes: a ledger that is written in batches, the limits of gateway keys, and the
-- functions that make and revoke keys.
--
-- Turns of these routes have neither a session nor a quota, so nothing of them is asked of the database
-- before the answer: `record_turns` opens and settles them in one step afterwards. Everything here that
-- writes is for the service role only.

-- The ledger --------------------------------------------------------------------------------------
-- A turn of an open deployment belongs to nobody. Row level security compares user_id with the caller,
-- and null equals nobody: only the service role sees such rows.

alter table public.ai_chat_usage alter column user_id drop not null;
alter table public.ai_events alter column user_id drop not null;

-- No foreign key: the ledger outlives the key it was spent with.
alter table public.ai_chat_usage add column if not exists key_id uuid;
create index if not exists ai_chat_usage_key_created on public.ai_chat_usage (key_id, created_at desc)
  where key_id is not null;

grant select (key_id) on table public.ai_chat_usage to authenticated, service_role;

-- Limits of gateway keys --------------------------------------------------------------------------

-- What a key has spent in a UTC month; `month` is its first day.
create table if not exists public.gateway_key_spend (
  key_id uuid not null references public.gateway_keys (id) on delete cascade,
  month date not null,
  usd numeric not null default 0 check (usd >= 0),
  primary key (key_id, month)
);

-- The minute that a key's requests are counted in. It starts with its first request, not on the clock.
create table if not exists public.gateway_key_windows (
  key_id uuid primary key references public.gateway_keys (id) on delete cascade,
  started_at timestamptz not null,
  used integer not null check (used > 0)
);

alter table public.gateway_key_spend enable row level security;
alter table public.gateway_key_windows enable row level security;

drop policy if exists gateway_key_spend_own on public.gateway_key_spend;
create policy gateway_key_spend_own on public.gateway_key_spend for select to authenticated
  using (exists (
    select 1 from public.gateway_keys owned where owned.id = key_id and owned.user_id = (select auth.uid())
  ));

revoke all on table public.gateway_key_spend from public, anon, authenticated, service_role;
revoke all on table public.gateway_key_windows from public, anon, authenticated, service_role;
grant select on table public.gateway_key_spend to authenticated, service_role;

-- Whether a key was ever made ----------------------------------------------------------------------
-- Decides whether the OpenAI-shaped routes are open. The keys themselves cannot tell: they go with their
-- user, and the routes must not open again when one is deleted.

-- One row, or none.
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

-- However the key came to be: also one that somebody makes by hand closes the routes for good.
drop trigger if exists gateway_keys_mark on public.gateway_keys;
create trigger gateway_keys_mark after insert or update of seeded on public.gateway_keys
  for each row when (not new.seeded) execute function public.gateway_keys_mark();

insert into public.gateway_key_marker
  select true, min(created_at) from public.gateway_keys where not seeded having count(*) > 0
  on conflict do nothing;

-- The local development key does not count.
create or replace function public.gateway_key_ever_created() returns boolean
language sql stable security definer set search_path = '' as $$
  select exists (select 1 from public.gateway_key_marker);
$$;

-- Admission ---------------------------------------------------------------------------------------

-- Whether the key may make one more request now, and counts it. The limits are those of its row.
-- Returns {admitted, reason: 'requests' | 'budget' | 'revoked', retry_after_seconds}; the last two are
-- null when it is admitted, and there is nothing to wait for after 'revoked'.
create or replace function public.admit_gateway_key(p_key_id uuid) returns jsonb
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_key public.gateway_keys;
  v_month timestamp := date_trunc('month', now() at time zone 'UTC');
  v_wait numeric;
begin
  select * into v_key from public.gateway_keys where id = p_key_id;
  if not found or v_key.revoked_at is not null then
    return jsonb_build_object('admitted', false, 'reason', 'revoked', 'retry_after_seconds', null);
  end if;

  -- What is being answered now is not in yet: a budget is passed by as much as runs at the same time.
  if v_key.usd_per_month is not null and v_key.usd_per_month <= coalesce(
    (select usd from public.gateway_key_spend where key_id = p_key_id and month = v_month::date), 0
  ) then
    v_wait := extract(epoch from (v_month + interval '1 month') at time zone 'UTC' - now());
    return jsonb_build_object(
      'admitted', false, 'reason', 'budget', 'retry_after_seconds', greatest(ceil(v_wait), 1)
    );
  end if;

  if v_key.requests_per_minute is not null then
    -- A burst queues up for this one row until each has committed. A count that is lost with the
    -- machine harms nobody, so nobody waits for the disk.
    perform set_config('synchronous_commit', 'off', true);
    insert into public.gateway_key_windows as current (key_id, started_at, used)
    values (p_key_id, now(), 1)
    on conflict (key_id) do update set
      started_at = case when current.started_at <= now() - interval '1 minute' then now() else current.started_at end,
      used = case when current.started_at <= now() - interval '1 minute' then 1 else current.used + 1 end
      where current.started_at <= now() - interval '1 minute' or current.used < v_key.requests_per_minute;
    if not found then
      select extract(epoch from started_at + interval '1 minute' - clock_timestamp()) into v_wait
        from public.gateway_key_windows where key_id = p_key_id;
      return jsonb_build_object(
        'admitted', false, 'reason', 'requests', 'retry_after_seconds', greatest(ceil(v_wait), 1)
      );
    end if;
  end if;

  return jsonb_build_object('admitted', true, 'reason', null, 'retry_after_seconds', null);
end;
$$;

-- Making and revoking keys ------------------------------------------------------------------------

-- A new key of this user, as a list shows it. PT409: the user has 100 live keys.
create or replace function public.create_gateway_key(
  p_name text,
  p_key_hash text,
  p_prefix text,
  p_requests_per_minute integer,
  p_usd_per_month numeric,
  p_modes text[],
  p_user_id uuid
) returns jsonb
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_key public.gateway_keys;
begin
  -- Two keys made at once would each count 99 others.
  perform pg_advisory_xact_lock(hashtextextended('gateway_keys:' || p_user_id::text, 0));
  if (select count(*) from public.gateway_keys where user_id = p_user_id and revoked_at is null) >= 100 then
    raise exception 'too many live keys' using errcode = 'PT409';
  end if;
  insert into public.gateway_keys (name, key_hash, prefix, requests_per_minute, usd_per_month, modes, user_id)
  values (p_name, p_key_hash, p_prefix, p_requests_per_minute, p_usd_per_month, p_modes, p_user_id)
  returning * into v_key;
  return to_jsonb(v_key) - 'key_hash' - 'user_id' - 'seeded';
end;
$$;

-- False when this user has no such key. Revoking twice is harmless and keeps the first time.
create or replace function public.revoke_gateway_key(p_key_id uuid, p_user_id uuid) returns boolean
language plpgsql volatile security definer set search_path = '' as $$
begin
  update public.gateway_keys set revoked_at = coalesce(revoked_at, now())
    where id = p_key_id and user_id = p_user_id;
  return found;
end;
$$;

-- Turns in batches --------------------------------------------------------------------------------

-- Stores turns that nobody has stored yet, with their attempts and what they cost their keys, all or
-- none. A turn that was only found interrupted (its process seemed dead) gives way to its real end, if
-- that comes after all; its attempts and costs are counted then. Returns how many were stored. Locks in the order of ids, so that two batches cannot deadlock.
create or replace function public.ai_store_turns(p_turns jsonb) returns integer
language sql volatile security definer set search_path = '' as $$
  with turns as (
    -- The same turn twice in a batch: what was seen to end knows more than what was only found started.
    select distinct on (given.id) given.*, to_timestamp(given.started_at / 1000.0) as begun_at
    from jsonb_to_recordset(p_turns) as given (
      id uuid, user_id uuid, key_id uuid, tier text, started_at numeric, status text, delivered boolean,
      model text, backend text, prompt_tokens bigint, completion_tokens bigint, cached_tokens bigint,
      cost_usd numeric, usage_source text, attempts jsonb
    )
    order by given.id, given.status = 'interrupted'
  ), stored as (
    insert into public.ai_chat_usage (
      id, user_id, key_id, tier, quota_day, model, backend, prompt_tokens, completion_tokens, cached_tokens,
      cost_usd, status, usage_source, delivered, settle_hash, created_at, settled_at
    )
    select
      id, user_id, key_id, tier, (begun_at at time zone 'UTC')::date, model, backend, prompt_tokens,
      completion_tokens, cached_tokens, cost_usd,
      -- What comes this way has ended: nobody would ever settle it.
      nullif(status, 'started'),
      usage_source, delivered,
      -- The digest of a secret that is forgotten here: settle_turn is not for these turns.
      sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())),
      begun_at, now()
    from turns order by id
    on conflict (id) do update set
      user_id = excluded.user_id, key_id = excluded.key_id, tier = excluded.tier, model = excluded.model,
      backend = excluded.backend, prompt_tokens = excluded.prompt_tokens,
      completion_tokens = excluded.completion_tokens, cached_tokens = excluded.cached_tokens,
      cost_usd = excluded.cost_usd, status = excluded.status, usage_source = excluded.usage_source,
      delivered = excluded.delivered, settled_at = excluded.settled_at
      where ai_chat_usage.status = 'interrupted' and excluded.status <> 'interrupted'
    returning id, user_id, key_id, cost_usd, created_at
  ), spent as (
    insert into public.gateway_key_spend as spend (key_id, month, usd)
    select stored.key_id, date_trunc('month', stored.created_at at time zone 'UTC')::date as month, sum(stored.cost_usd)
    from stored
    where stored.cost_usd > 0 and exists (select 1 from public.gateway_keys where id = stored.key_id)
    group by stored.key_id, month
    order by stored.key_id, month
    on conflict (key_id, month) do update set usd = spend.usd + excluded.usd
  ), events as (
    insert into public.ai_events
      (request_id, user_id, event_type, model_id, backend, key_index, status, latency_ms, tokens_out, meta, created_at)
    select stored.id, stored.user_id, 'attempt', a.model_id, a.backend, a.key_index, a.status,
           round(a.latency_ms)::integer, a.tokens_out, coalesce(a.meta, '{}'::jsonb), stored.created_at
    from stored
    join turns on turns.id = stored.id
    cross join lateral jsonb_to_recordset(coalesce(turns.attempts, '[]'::jsonb)) as a (
      model_id text, backend text, key_index integer, status text, latency_ms numeric, tokens_out integer, meta jsonb
    )
  )
  select count(*)::integer from stored;
$$;

-- Begins and settles turns that have neither session nor quota. p_turns: array of {id, user_id, key_id,
-- tier, started_at (epoch milliseconds), status, delivered, model, backend, prompt_tokens,
-- completion_tokens, cached_tokens, cost_usd, usage_source, attempts}. Idempotent by id.
--
-- Returns {stored, refused: [{id, reason}]}. A turn that the tables refuse must not cost the others
-- theirs: then each is stored by itself. What is no fault of a turn (a deadlock, a full disk) is raised,
-- and the whole batch may be sent again.
create or replace function public.record_turns(p_turns jsonb) returns jsonb
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_turns jsonb := coalesce(p_turns, '[]'::jsonb);
  v_turn jsonb;
  v_stored integer := 0;
  v_refused jsonb := '[]'::jsonb;
begin
  -- PostgREST hands a JSON array over as one; @supabase/lite as a string that holds one.
  if jsonb_typeof(v_turns) = 'string' then
    v_turns := (v_turns #>> '{}')::jsonb;
  end if;
  if jsonb_typeof(v_turns) <> 'array' then
    raise exception 'turns are an array' using errcode = '22023';
  end if;
  begin
    return jsonb_build_object('stored', public.ai_store_turns(v_turns), 'refused', v_refused);
  exception when data_exception or integrity_constraint_violation then
    null; -- One of them at least: below it is found.
  end;
  for v_turn in select value from jsonb_array_elements(v_turns) loop
    begin
      v_stored := v_stored + public.ai_store_turns(jsonb_build_array(v_turn));
    exception
      when foreign_key_violation then
        -- The user, or with them the key, was deleted meanwhile. What was spent is kept, as nobody's.
        begin
          v_stored := v_stored + public.ai_store_turns(jsonb_build_array(v_turn || '{"user_id": null}'));
        exception when data_exception or integrity_constraint_violation then
          v_refused := v_refused || jsonb_build_object('id', v_turn -> 'id', 'reason', sqlerrm);
        end;
      when data_exception or integrity_constraint_violation then
        v_refused := v_refused || jsonb_build_object(
          'id', case when jsonb_typeof(v_turn) = 'object' then v_turn -> 'id' end, 'reason', sqlerrm
        );
    end;
  end loop;
  return jsonb_build_object('stored', v_stored, 'refused', v_refused);
end;
$$;

-- Turns of native chat -----------------------------------------------------------------------------

-- Settles a turn that a gateway key asked for, and counts what it cost against the key's month. Returns
-- what settle_turn returns; a turn is settled once, so its cost is counted once.
create or replace function public.settle_key_turn(
  p_key_id uuid,
  p_request_id uuid,
  p_settle_secret text,
  p_status text,
  p_delivered boolean,
  p_model text,
  p_backend text,
  p_prompt_tokens bigint,
  p_completion_tokens bigint,
  p_cached_tokens bigint,
  p_cost_usd numeric,
  p_usage_source text,
  p_user_message text,
  p_assistant_message text,
  p_attempts jsonb,
  p_user_id uuid
) returns boolean
language plpgsql volatile security definer set search_path = '' as $$
begin
  if not public.settle_turn(
    p_request_id, p_settle_secret, p_status, p_delivered, p_model, p_backend, p_prompt_tokens,
    p_completion_tokens, p_cached_tokens, p_cost_usd, p_usage_source, p_user_message, p_assistant_message,
    p_attempts, p_user_id
  ) then
    return false;
  end if;
  update public.ai_chat_usage set key_id = p_key_id where id = p_request_id;
  insert into public.gateway_key_spend as spend (key_id, month, usd)
  select usage.key_id, date_trunc('month', usage.created_at at time zone 'UTC')::date, usage.cost_usd
  from public.ai_chat_usage usage
  where usage.id = p_request_id and usage.cost_usd > 0
    and exists (select 1 from public.gateway_keys where id = p_key_id)
  on conflict (key_id, month) do update set usd = spend.usd + excluded.usd;
  return true;
end;
$$;

-- Functions are executable by PUBLIC unless that is taken away.
revoke all on function public.settle_key_turn(
  uuid, uuid, text, text, boolean, text, text, bigint, bigint, bigint, numeric, text, text, text, jsonb, uuid
) from public, anon, authenticated, service_role;
grant execute on function public.settle_key_turn(
  uuid, uuid, text, text, boolean, text, text, bigint, bigint, bigint, numeric, text, text, text, jsonb, uuid
) to service_role;
revoke all on function public.gateway_keys_mark() from public, anon, authenticated, service_role;
revoke all on function public.gateway_key_ever_created() from public, anon, authenticated, service_role;
revoke all on function public.admit_gateway_key(uuid) from public, anon, authenticated, service_role;
revoke all on function public.create_gateway_key(text, text, text, integer, numeric, text[], uuid)
  from public, anon, authenticated, service_role;
revoke all on function public.revoke_gateway_key(uuid, uuid) from public, anon, authenticated, service_role;
revoke all on function public.ai_store_turns(jsonb) from public, anon, authenticated, service_role;
revoke all on function public.record_turns(jsonb) from public, anon, authenticated, service_role;
grant execute on function public.gateway_key_ever_created() to service_role;
grant execute on function public.admit_gateway_key(uuid) to service_role;
grant execute on function public.create_gateway_key(text, text, text, integer, numeric, text[], uuid) to service_role;
grant execute on function public.revoke_gateway_key(uuid, uuid) to service_role;
grant execute on function public.record_turns(jsonb) to service_role;

notify pgrst, 'reload schema';
