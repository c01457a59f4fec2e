-- The functions that write turns: as in 001 and 003, but they say who recorded a turn (005), keep to the bounds
-- of the ledger (006) and of a key's spend (009), and to the size of a session (007).

-- Turns of native chat ----------------------------------------------------------------------------
-- PT429 also for a user who calls begin_turn without a gateway and has begun 10,000 turns this UTC day, or has
-- counted turns in 32 modes: the daily limit is an argument, and modes can be invented.

create or replace function public.begin_turn(
  p_request_id uuid,
  p_settle_hash text,
  p_tier text,
  p_daily_limit integer,
  p_session_id uuid default null,
  p_title text default null,
  p_user_id uuid default null
) returns jsonb
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_user uuid := public.ai_turn_owner(p_user_id);
  v_recorder text := public.ai_turn_recorder();
  v_hash bytea := decode(p_settle_hash, 'hex');
  v_day date := (now() at time zone 'UTC')::date;
  v_session uuid := p_session_id;
  v_created boolean := p_session_id is null;
  v_messages jsonb := '[]'::jsonb;
  v_used integer;
  v_existing public.ai_chat_usage;
begin
  if v_recorder = 'user' then
    -- Many begins at once would each count what the others have not committed.
    perform pg_advisory_xact_lock(hashtextextended('ai_chat_usage:' || v_user::text, 0));
  end if;

  -- First, so that a second begin with the same id waits here for the first one's outcome.
  insert into public.ai_chat_usage (
    id, user_id, session_id, session_created, tier, quota_day, settle_hash, recorded_by
  )
  values (p_request_id, v_user, p_session_id, v_created, p_tier, v_day, v_hash, v_recorder)
  on conflict (id) do nothing;

  if not found then
    select * into v_existing from public.ai_chat_usage where id = p_request_id;
    if v_existing.user_id is distinct from v_user or v_existing.settle_hash <> v_hash then
      raise exception 'request id is taken' using errcode = 'PT409';
    end if;
    select public.ai_newest_messages(messages) into v_messages from public.ai_chat_sessions
      where id = v_existing.session_id and user_id = v_user;
    return jsonb_build_object(
      'session_id', v_existing.session_id,
      'session_created', v_existing.session_created,
      'messages', coalesce(v_messages, '[]'::jsonb),
      'used_today', v_existing.used_at_begin
    );
  end if;

  if v_recorder = 'user' and (
    (
      select count(*) from (
        select 1 from public.ai_chat_usage
        where user_id = v_user and created_at >= v_day::timestamp at time zone 'UTC'
        limit 10001
      ) as today
    ) > 10000
    or (
      not exists (
        select 1 from public.ai_quota_counters where user_id = v_user and tier = p_tier and day = v_day
      )
      and (select count(*) from public.ai_quota_counters where user_id = v_user and day = v_day) >= 32
    )
  ) then
    raise exception 'too many turns in a day' using errcode = 'PT429';
  end if;

  if v_created then
    insert into public.ai_chat_sessions (user_id, title)
    values (v_user, coalesce(nullif(left(btrim(p_title), 200), ''), 'New chat'))
    returning id into v_session;
  else
    select public.ai_newest_messages(messages) into v_messages from public.ai_chat_sessions
      where id = p_session_id and user_id = v_user;
    if not found then
      raise exception 'no such session' using errcode = 'PT404';
    end if;
  end if;

  -- Last, because this row is the one that all turns of a user in a mode wait for.
  -- No limit at all means none was decided: refused, like zero.
  if p_daily_limit > 0 then
    insert into public.ai_quota_counters as counter (user_id, tier, day, used)
    values (v_user, p_tier, v_day, 1)
    on conflict (user_id, tier, day) do update set used = counter.used + 1
      where counter.used < p_daily_limit
    returning used into v_used;
  end if;
  if v_used is null then
    raise exception 'daily quota used up' using errcode = 'PT429';
  end if;

  update public.ai_chat_usage set session_id = v_session, used_at_begin = v_used where id = p_request_id;

  return jsonb_build_object(
    'session_id', v_session,
    'session_created', v_created,
    'messages', v_messages,
    'used_today', v_used
  );
end;
$$;

-- As in 001. Its text says what it returns, and why the turn's secret is the credential.
create or replace function public.settle_turn(
  p_request_id uuid,
  p_settle_secret text,
  p_status text,
  p_delivered boolean,
  p_model text default null,
  p_backend text default null,
  p_prompt_tokens bigint default 0,
  p_completion_tokens bigint default 0,
  p_cached_tokens bigint default 0,
  p_cost_usd numeric default null,
  p_usage_source text default null,
  p_user_message text default '',
  p_assistant_message text default '',
  p_attempts jsonb default '[]'::jsonb,
  p_user_id uuid default null
) returns boolean
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_user uuid;
  v_hash bytea;
  v_turn public.ai_chat_usage;
  v_recorder text := public.ai_turn_recorder();
  v_new_messages jsonb := '[]'::jsonb;
  v_attempts jsonb := coalesce(p_attempts, '[]'::jsonb);
begin
  -- PostgREST hands a JSON array over as one; @supabase/lite as a string that holds one.
  if jsonb_typeof(v_attempts) = 'string' then
    v_attempts := (v_attempts #>> '{}')::jsonb;
  end if;
  select user_id, settle_hash into v_user, v_hash from public.ai_chat_usage where id = p_request_id;
  if not found or v_user <> coalesce(p_user_id, v_user) or v_user <> coalesce(auth.uid(), v_user) then
    raise exception 'no such turn' using errcode = 'PT404';
  end if;
  -- Before anything is locked. Digests of a 256-bit secret: the time of the comparison tells nothing
  -- that helps to find it.
  if sha256(convert_to(coalesce(p_settle_secret, ''), 'UTF8')) <> v_hash then
    raise exception 'wrong settle secret' using errcode = 'PT403';
  end if;
  -- The session is locked before the ledger row, as everywhere: two orders would deadlock.
  perform 1 from public.ai_chat_sessions
    where id = (select session_id from public.ai_chat_usage where id = p_request_id)
      and user_id = v_user
    for update;
  select * into v_turn from public.ai_chat_usage where id = p_request_id for update;
  if not found then
    raise exception 'no such turn' using errcode = 'PT404';
  end if;
  if v_turn.status <> 'started' then
    return false;
  end if;
  if p_status is null or p_status = 'started' then
    raise exception 'a turn is settled to an end state' using errcode = '22023';
  end if;

  update public.ai_chat_usage set
    status = p_status,
    delivered = p_delivered,
    model = p_model,
    backend = p_backend,
    prompt_tokens = coalesce(p_prompt_tokens, 0),
    completion_tokens = coalesce(p_completion_tokens, 0),
    cached_tokens = coalesce(p_cached_tokens, 0),
    cost_usd = p_cost_usd,
    usage_source = p_usage_source,
    -- Begun by one and settled by another, it is the weaker word that counts.
    recorded_by = case when v_recorder = 'user' then 'user' else recorded_by end,
    settled_at = now()
  where id = p_request_id;

  if p_delivered then
    if coalesce(p_user_message, '') <> '' then
      v_new_messages := v_new_messages || jsonb_build_object('role', 'user', 'content', p_user_message);
    end if;
    if coalesce(p_assistant_message, '') <> '' then
      v_new_messages := v_new_messages || jsonb_build_object('role', 'assistant', 'content', p_assistant_message);
    end if;
    -- No row when the user deleted the session meanwhile: then there is nothing to keep.
    update public.ai_chat_sessions set messages = public.ai_bounded_messages(messages || v_new_messages)
      where id = v_turn.session_id and user_id = v_user;
  else
    if v_turn.session_created then
      -- A conversation in which nothing was ever said, and nothing is being said now.
      delete from public.ai_chat_sessions
        where id = v_turn.session_id and user_id = v_user and messages = '[]'::jsonb
          and not exists (
            select 1 from public.ai_chat_usage other
            where other.session_id = v_turn.session_id and other.user_id = v_user
              and other.id <> p_request_id and other.status = 'started'
          );
    end if;
    update public.ai_quota_counters set used = greatest(used - 1, 0)
      where user_id = v_user and tier = v_turn.tier and day = v_turn.quota_day;
  end if;

  -- A user who has written 30,000 attempts this UTC day without a gateway writes no more of them.
  if v_recorder = 'user' and (
    select count(*) from (
      select 1 from public.ai_events
      where user_id = v_user and created_at >= date_trunc('day', now(), 'UTC')
      limit 30000
    ) as today
  ) >= 30000 then
    return true;
  end if;

  insert into public.ai_events
    (request_id, user_id, event_type, model_id, backend, key_index, status, latency_ms, tokens_out, meta)
  select p_request_id, v_user, 'attempt', a.model_id, a.backend, a.key_index, a.status,
         -- NaN is larger than every number: it becomes the largest.
         least(greatest(round(a.latency_ms), 0), 2147483647)::integer, a.tokens_out, coalesce(a.meta, '{}'::jsonb)
  from jsonb_to_recordset(public.ai_bounded_attempts(v_attempts)) as a (
    model_id text, backend text, key_index integer, status text, latency_ms numeric, tokens_out integer, meta jsonb
  );

  return true;
end;
$$;

-- Settles a turn that a gateway key asked for, and counts what it cost against the key's month. An early 003
-- was without this function.
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
  on conflict (key_id, month) do update set usd = least(spend.usd + excluded.usd, 1000000000000);
  return true;
end;
$$;

-- Turns in batches --------------------------------------------------------------------------------

-- As in 003: stores turns that nobody has stored yet, all or none, for record_turns.
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
      cost_usd, status, usage_source, delivered, recorded_by, settle_hash, created_at, settled_at
    )
    select
      id, user_id, key_id, tier, (begun_at at time zone 'UTC')::date, model, backend, prompt_tokens,
      completion_tokens, cached_tokens, cost_usd,
      -- What comes this way has ended: nobody would ever settle it.
      nullif(status, 'started'),
      usage_source, delivered,
      -- Only the service role may execute this.
      'service',
      -- The digest of a secret that is forgotten here: settle_turn is not for these turns.
      sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())),
      begun_at, now()
    from turns order by id
    on conflict (id) do update set
      user_id = excluded.user_id, key_id = excluded.key_id, tier = excluded.tier, model = excluded.model,
      backend = excluded.backend, prompt_tokens = excluded.prompt_tokens,
      completion_tokens = excluded.completion_tokens, cached_tokens = excluded.cached_tokens,
      cost_usd = excluded.cost_usd, status = excluded.status, usage_source = excluded.usage_source,
      delivered = excluded.delivered, recorded_by = excluded.recorded_by, settled_at = excluded.settled_at
      where ai_chat_usage.status = 'interrupted' and excluded.status <> 'interrupted'
    returning id, user_id, key_id, cost_usd, created_at
  ), spent as (
    insert into public.gateway_key_spend as spend (key_id, month, usd)
    select stored.key_id, date_trunc('month', stored.created_at at time zone 'UTC')::date as month,
           least(sum(stored.cost_usd), 1000000000000)
    from stored
    where stored.cost_usd > 0 and exists (select 1 from public.gateway_keys where id = stored.key_id)
    group by stored.key_id, month
    order by stored.key_id, month
    on conflict (key_id, month) do update set usd = least(spend.usd + excluded.usd, 1000000000000)
  ), events as (
    insert into public.ai_events
      (request_id, user_id, event_type, model_id, backend, key_index, status, latency_ms, tokens_out, meta, created_at)
    select stored.id, stored.user_id, 'attempt', a.model_id, a.backend, a.key_index, a.status,
           least(greatest(round(a.latency_ms), 0), 2147483647)::integer, a.tokens_out,
           coalesce(a.meta, '{}'::jsonb), stored.created_at
    from stored
    join turns on turns.id = stored.id
    cross join lateral jsonb_to_recordset(public.ai_bounded_attempts(turns.attempts)) as a (
      model_id text, backend text, key_index integer, status text, latency_ms numeric, tokens_out integer, meta jsonb
    )
  )
  select count(*)::integer from stored;
$$;

-- Functions are executable by PUBLIC unless that is taken away.
revoke all on function public.settle_key_turn(
  uuid, uuid, text, text, boolean, text, text, bigint, bigint, bigint, numeric, text, text, text, jsonb, uuid
) from public, anon, authenticated, service_role;
revoke all on function public.ai_store_turns(jsonb) from public, anon, authenticated, service_role;
grant execute on function public.settle_key_turn(
  uuid, uuid, text, text, boolean, text, text, bigint, bigint, bigint, numeric, text, text, text, jsonb, uuid
) to service_role;

notify pgrst, 'reload schema';
