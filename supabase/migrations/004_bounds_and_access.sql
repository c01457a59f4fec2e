-- Bounds on everything that a caller can write, who recorded a turn, sessions of a bounded size, and who may
-- call the two functions that write turns.
--
-- Brings every earlier database up to date, also one that applied 001 or 003 as they first were. Rows that
-- would break a new check are mended first (see "Mending"), so that the checks hold for all rows.
--
-- A limit that stands here stands in lib/services/turn-bounds.ts as well: the gateway keeps to it by itself,
-- so that no turn that was billed is refused.

-- Which version a database has --------------------------------------------------------------------

-- The number of the newest migration. Nothing secret: the gateway asks at its start.
create or replace function public.sarmalink_schema_version() returns integer
language sql immutable set search_path = '' as $$ select 4 $$;

-- What an early 003 lacks --------------------------------------------------------------------------
-- 003 was changed after it had been released. What its first form lacks and is not defined anew below:

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

-- Who recorded a turn -----------------------------------------------------------------------------
-- 'service': a gateway with the service role began and ended it. 'user': it was written with a user's own
-- credentials, which the user could use without a gateway; its figures are only as good as the user's word.
-- Set by the functions from the caller's role, never from an argument.

do $$
begin
  if not exists (
    select 1 from pg_catalog.pg_attribute
    where attrelid = 'public.ai_chat_usage'::regclass and attname = 'recorded_by' and not attisdropped
  ) then
    alter table public.ai_chat_usage add column recorded_by text not null default 'user';
    -- Turns without a session come from record_turns, and only the service role sets a key.
    update public.ai_chat_usage set recorded_by = 'service' where session_id is null or key_id is not null;
  end if;
end;
$$;

grant select (recorded_by) on table public.ai_chat_usage to authenticated, service_role;

-- Mending -----------------------------------------------------------------------------------------
-- Rows of before that break a check below. NaN and Infinity are larger than every number to Postgres, so an
-- upper bound finds them.

-- A cost that cannot be is unknown; texts are cut, counts are lowered to the bound, an invented mode is
-- 'unknown'.
update public.ai_chat_usage set
  tier = case when tier ~ '^[A-Za-z0-9][A-Za-z0-9._:/-]{0,63}$' then tier else 'unknown' end,
  model = left(model, 200),
  backend = left(backend, 100),
  prompt_tokens = least(prompt_tokens, 1000000000),
  completion_tokens = least(completion_tokens, 1000000000),
  cached_tokens = least(cached_tokens, 1000000000),
  cost_usd = case when cost_usd <= 1000000 then round(cost_usd, 12) end,
  created_at = case when isfinite(created_at) then created_at else coalesce(settled_at, now()) end,
  quota_day = case when isfinite(quota_day) then quota_day else (now() at time zone 'UTC')::date end
where tier !~ '^[A-Za-z0-9][A-Za-z0-9._:/-]{0,63}$'
  or char_length(model) > 200 or char_length(backend) > 100
  or prompt_tokens > 1000000000 or completion_tokens > 1000000000 or cached_tokens > 1000000000
  or cost_usd > 1000000 or scale(cost_usd) > 40
  or not isfinite(created_at) or not isfinite(quota_day);

update public.ai_events set
  event_type = coalesce(nullif(left(event_type, 64), ''), 'unknown'),
  model_id = left(model_id, 200),
  backend = left(backend, 100),
  status = left(status, 64),
  key_index = case when key_index between 0 and 10000 then key_index end,
  latency_ms = greatest(latency_ms, 0),
  tokens_out = least(greatest(tokens_out, 0), 1000000000),
  meta = case
    when jsonb_typeof(meta) = 'object' and octet_length(meta::text) <= 4096 then meta else '{"trimmed": true}' end
where char_length(event_type) not between 1 and 64
  or char_length(model_id) > 200 or char_length(backend) > 100 or char_length(status) > 64
  or key_index not between 0 and 10000 or latency_ms < 0 or tokens_out not between 0 and 1000000000
  or jsonb_typeof(meta) <> 'object' or octet_length(meta::text) > 4096;

-- A counter of an invented mode limits nothing.
delete from public.ai_quota_counters
  where tier !~ '^[A-Za-z0-9][A-Za-z0-9._:/-]{0,63}$' or not isfinite(day);

-- A budget that is no number never limited anything: it becomes the largest one.
update public.gateway_keys set usd_per_month = 1000000000
  where usd_per_month > 1000000000 or scale(usd_per_month) > 40;
update public.gateway_keys
  set modes = (select array_agg(left(mode, 64)) from unnest(modes[1:50]) as mode)
  where cardinality(modes) > 50 or octet_length(modes::text) > 8192;

delete from public.gateway_key_spend where not isfinite(month);
-- What a key has spent is in the ledger too, which has been mended above.
update public.gateway_key_spend spend set usd = coalesce((
    select least(sum(usage.cost_usd), 1000000000000) from public.ai_chat_usage usage
    where usage.key_id = spend.key_id
      and date_trunc('month', usage.created_at at time zone 'UTC')::date = spend.month
  ), 0)
  where usd > 1000000000000 or scale(usd) > 40;

-- Checks ------------------------------------------------------------------------------------------

alter table public.ai_chat_usage
  drop constraint if exists ai_chat_usage_tier_form,
  drop constraint if exists ai_chat_usage_name_lengths,
  drop constraint if exists ai_chat_usage_token_bounds,
  drop constraint if exists ai_chat_usage_cost_bounds,
  drop constraint if exists ai_chat_usage_finite_times,
  drop constraint if exists ai_chat_usage_recorded_by;
alter table public.ai_chat_usage
  add constraint ai_chat_usage_tier_form check (tier ~ '^[A-Za-z0-9][A-Za-z0-9._:/-]{0,63}$'),
  add constraint ai_chat_usage_name_lengths check (char_length(model) <= 200 and char_length(backend) <= 100),
  add constraint ai_chat_usage_token_bounds check (
    prompt_tokens <= 1000000000 and completion_tokens <= 1000000000 and cached_tokens <= 1000000000
  ),
  add constraint ai_chat_usage_cost_bounds check (cost_usd <= 1000000 and scale(cost_usd) <= 40),
  add constraint ai_chat_usage_finite_times check (isfinite(created_at) and isfinite(quota_day)),
  add constraint ai_chat_usage_recorded_by check (recorded_by in ('service', 'user'));

alter table public.ai_events
  drop constraint if exists ai_events_text_lengths,
  drop constraint if exists ai_events_number_bounds,
  drop constraint if exists ai_events_meta_size;
alter table public.ai_events
  add constraint ai_events_text_lengths check (
    char_length(event_type) between 1 and 64 and char_length(model_id) <= 200
    and char_length(backend) <= 100 and char_length(status) <= 64
  ),
  add constraint ai_events_number_bounds check (
    key_index between 0 and 10000 and latency_ms >= 0 and tokens_out between 0 and 1000000000
  ),
  add constraint ai_events_meta_size check (jsonb_typeof(meta) = 'object' and octet_length(meta::text) <= 4096);

alter table public.ai_quota_counters
  drop constraint if exists ai_quota_counters_tier_form,
  drop constraint if exists ai_quota_counters_finite_day;
alter table public.ai_quota_counters
  add constraint ai_quota_counters_tier_form check (tier ~ '^[A-Za-z0-9][A-Za-z0-9._:/-]{0,63}$'),
  add constraint ai_quota_counters_finite_day check (isfinite(day));

alter table public.gateway_keys
  drop constraint if exists gateway_keys_budget_bounds,
  drop constraint if exists gateway_keys_modes_size;
alter table public.gateway_keys
  add constraint gateway_keys_budget_bounds check (usd_per_month <= 1000000000 and scale(usd_per_month) <= 40),
  add constraint gateway_keys_modes_size check (cardinality(modes) <= 50 and octet_length(modes::text) <= 8192);

alter table public.gateway_key_spend
  drop constraint if exists gateway_key_spend_bounds;
alter table public.gateway_key_spend
  add constraint gateway_key_spend_bounds check (usd <= 1000000000000 and isfinite(month));

-- Memories ----------------------------------------------------------------------------------------

-- A user keeps 30 facts. One more is refused (PT409): which one to give up is the user's choice.
create or replace function public.ai_cap_memories() returns trigger
language plpgsql volatile security definer set search_path = '' as $$
begin
  -- Two facts added at once would each count 29 others.
  perform pg_advisory_xact_lock(hashtextextended('ai_user_memories:' || new.user_id::text, 0));
  if (select count(*) from public.ai_user_memories where user_id = new.user_id) >= 30 then
    raise exception 'a user keeps at most 30 memories' using errcode = 'PT409';
  end if;
  return new;
end;
$$;

create or replace trigger ai_user_memories_cap before insert on public.ai_user_memories
  for each row execute function public.ai_cap_memories();

-- Sessions of a bounded size ------------------------------------------------------------------------

-- What a session keeps of these messages: each at most 400,000 characters, marked when it is cut; of all of
-- them the newest 2,000, and no more than 1,000,000 characters together.
create or replace function public.ai_bounded_messages(p_messages jsonb) returns jsonb
language plpgsql immutable set search_path = '' as $$
declare
  v_mark constant text := E'\n\n[The rest of this message was too long to be stored.]';
begin
  -- Bytes are no fewer than characters: almost every conversation ends here.
  if pg_column_size(p_messages || '[]'::jsonb) <= 400000 and jsonb_array_length(p_messages) <= 2000 then
    return p_messages;
  end if;
  return (
    with cut as (
      select place, case
          when char_length(message ->> 'content') > 400000 then jsonb_set(
            message, '{content}', to_jsonb(left(message ->> 'content', 400000 - char_length(v_mark)) || v_mark)
          )
          else message
        end as message
      from jsonb_array_elements(p_messages) with ordinality as given (message, place)
      order by place desc
      limit 2000
    ), counted as (
      select place, message,
        sum(coalesce(char_length(message ->> 'content'), 0)) over (order by place desc) as characters
      from cut
    )
    select coalesce(jsonb_agg(message order by place), '[]'::jsonb) from counted where characters <= 1000000
  );
end;
$$;

-- The newest of these messages, up to 150,000 characters: an engine reads the last 100,000 (see
-- lib/services/chat.ts), so that nothing longer needs to be loaded for a turn. Whole ones, but for the very
-- newest: if that alone is longer, its last 150,000 characters, so that a long answer is not forgotten.
create or replace function public.ai_newest_messages(p_messages jsonb) returns jsonb
language plpgsql immutable set search_path = '' as $$
declare
  -- Once: asked for each message, it would unpack all of them each time.
  v_last constant bigint := jsonb_array_length(p_messages);
begin
  if pg_column_size(p_messages || '[]'::jsonb) <= 150000 then
    return p_messages;
  end if;
  return (
    with newest as (
      select place, message
      from jsonb_array_elements(p_messages) with ordinality as given (message, place)
      order by place desc
      limit 2000
    ), cut as (
      select place, case
          when place = v_last and char_length(message ->> 'content') > 150000
            then jsonb_set(message, '{content}', to_jsonb(right(message ->> 'content', 150000)))
          else message
        end as message
      from newest
    ), counted as (
      select place, message,
        sum(coalesce(char_length(message ->> 'content'), 0)) over (order by place desc) as characters
      from cut
    )
    select coalesce(jsonb_agg(message order by place), '[]'::jsonb) from counted where characters <= 150000
  );
end;
$$;

-- The writers of a turn ---------------------------------------------------------------------------
-- As in 001, with bounds. PT429 also for a user who calls them without a gateway and has begun 10,000 turns
-- this UTC day, or counted turns in 32 modes: the daily limit is an argument, and modes can be invented.

-- 'service' or 'user', by the role of whoever calls.
create or replace function public.ai_turn_recorder() returns text
language sql stable security definer set search_path = '' as $$
  select case when coalesce(auth.role(), '') = 'service_role' then 'service' else 'user' end;
$$;

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

-- The first 100 of these attempts. A single value stands for a list of one; what is no list of objects is
-- refused where it is read.
create or replace function public.ai_bounded_attempts(p_attempts jsonb) returns jsonb
language sql immutable set search_path = '' as $$
  select jsonb_path_query_array(coalesce(p_attempts, '[]'::jsonb), '$[0 to 99]');
$$;

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

-- Turns in batches --------------------------------------------------------------------------------
-- As in 003, with bounds.

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

-- As in 003: an early form of it was without this function.
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

-- Gateway keys ------------------------------------------------------------------------------------

-- As in 003. Of the revoked keys of a user the newest 500 are kept, as many as a list shows, so that keys
-- which are made and revoked in a loop do not grow without end. The ledger keeps the ids of all.
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
  delete from public.gateway_keys where id in (
    select id from public.gateway_keys
    where user_id = p_user_id and revoked_at is not null
    order by revoked_at desc, id
    offset 500
  );
  insert into public.gateway_keys (name, key_hash, prefix, requests_per_minute, usd_per_month, modes, user_id)
  values (p_name, p_key_hash, p_prefix, p_requests_per_minute, p_usd_per_month, p_modes, p_user_id)
  returning * into v_key;
  return to_jsonb(v_key) - 'key_hash' - 'user_id' - 'seeded';
end;
$$;

-- The user's keys, live ones first, each with `spent_usd_this_month` (UTC); at most 600.
create or replace function public.list_gateway_keys(p_user_id uuid) returns jsonb
language sql stable security definer set search_path = '' as $$
  select coalesce(jsonb_agg(listed.key order by listed.place), '[]'::jsonb)
  from (
    select
      to_jsonb(owned) - 'key_hash' - 'user_id' - 'seeded'
        || jsonb_build_object('spent_usd_this_month', coalesce(spend.usd, 0)) as key,
      row_number() over (order by owned.revoked_at desc nulls first, owned.created_at desc, owned.id) as place
    from public.gateway_keys owned
    left join public.gateway_key_spend spend
      on spend.key_id = owned.id and spend.month = date_trunc('month', now() at time zone 'UTC')::date
    where owned.user_id = p_user_id
    order by place
    limit 600
  ) as listed;
$$;

-- Who may call the writers of a turn -------------------------------------------------------------------
-- Without a service role key the gateway calls begin_turn and settle_turn with the user's own credentials, so
-- users may call them too. A gateway that has the key calls close_turns_to_users at its start: from then on
-- only the service role may. Migrations that are applied again respect that.

-- One row, or none: users may call them.
create table if not exists public.ai_turn_access (
  id boolean primary key default true check (id),
  users_may_call boolean not null,
  changed_at timestamptz not null default now()
);

alter table public.ai_turn_access enable row level security;
revoke all on table public.ai_turn_access from public, anon, authenticated, service_role;

-- Grants, or takes away, what ai_turn_access says.
create or replace function public.ai_apply_turn_access() returns void
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_begin constant text := 'public.begin_turn(uuid, text, text, integer, uuid, text, uuid)';
  v_settle constant text := 'public.settle_turn(uuid, text, text, boolean, text, text, bigint, bigint, bigint, '
    'numeric, text, text, text, jsonb, uuid)';
begin
  -- Postgres fails the second of two changes of one function's grants that happen at once.
  perform pg_advisory_xact_lock(hashtextextended('ai_turn_access', 0));
  if exists (select 1 from public.ai_turn_access where not users_may_call) then
    if has_function_privilege('anon', v_begin, 'execute')
      or has_function_privilege('authenticated', v_begin, 'execute')
      or has_function_privilege('anon', v_settle, 'execute')
      or has_function_privilege('authenticated', v_settle, 'execute')
    then
      execute format('revoke execute on function %s, %s from public, anon, authenticated', v_begin, v_settle);
    end if;
  elsif not has_function_privilege('authenticated', v_begin, 'execute')
    or not has_function_privilege('anon', v_settle, 'execute')
    or not has_function_privilege('authenticated', v_settle, 'execute')
  then
    execute format('grant execute on function %s to authenticated', v_begin);
    execute format('grant execute on function %s to anon, authenticated', v_settle);
  end if;
end;
$$;

-- For the gateway, at its start. Harmless when repeated.
create or replace function public.close_turns_to_users() returns void
language plpgsql volatile security definer set search_path = '' as $$
begin
  insert into public.ai_turn_access as access (users_may_call) values (false)
    on conflict (id) do update set users_may_call = false, changed_at = now() where access.users_may_call;
  perform public.ai_apply_turn_access();
end;
$$;

-- For the operator, in the SQL editor, after the service role key has been taken from every gateway.
create or replace function public.open_turns_to_users() returns void
language plpgsql volatile security definer set search_path = '' as $$
begin
  insert into public.ai_turn_access as access (users_may_call) values (true)
    on conflict (id) do update set users_may_call = true, changed_at = now() where not access.users_may_call;
  perform public.ai_apply_turn_access();
end;
$$;

-- Functions are executable by PUBLIC unless that is taken away.
revoke all on function public.sarmalink_schema_version() from public, anon, authenticated, service_role;
revoke all on function public.gateway_keys_mark() from public, anon, authenticated, service_role;
revoke all on function public.gateway_key_ever_created() from public, anon, authenticated, service_role;
revoke all on function public.ai_cap_memories() from public, anon, authenticated, service_role;
revoke all on function public.ai_bounded_messages(jsonb) from public, anon, authenticated, service_role;
revoke all on function public.ai_newest_messages(jsonb) from public, anon, authenticated, service_role;
revoke all on function public.ai_turn_recorder() from public, anon, authenticated, service_role;
revoke all on function public.ai_bounded_attempts(jsonb) from public, anon, authenticated, service_role;
revoke all on function public.ai_store_turns(jsonb) from public, anon, authenticated, service_role;
revoke all on function public.settle_key_turn(
  uuid, uuid, text, text, boolean, text, text, bigint, bigint, bigint, numeric, text, text, text, jsonb, uuid
) from public, anon, authenticated, service_role;
revoke all on function public.create_gateway_key(text, text, text, integer, numeric, text[], uuid)
  from public, anon, authenticated, service_role;
revoke all on function public.list_gateway_keys(uuid) from public, anon, authenticated, service_role;
revoke all on function public.ai_apply_turn_access() from public, anon, authenticated, service_role;
revoke all on function public.close_turns_to_users() from public, anon, authenticated, service_role;
revoke all on function public.open_turns_to_users() from public, anon, authenticated, service_role;
grant execute on function public.sarmalink_schema_version() to authenticated, service_role;
grant execute on function public.gateway_key_ever_created() to service_role;
grant execute on function public.settle_key_turn(
  uuid, uuid, text, text, boolean, text, text, bigint, bigint, bigint, numeric, text, text, text, jsonb, uuid
) to service_role;
grant execute on function public.create_gateway_key(text, text, text, integer, numeric, text[], uuid) to service_role;
grant execute on function public.list_gateway_keys(uuid) to service_role;
grant execute on function public.close_turns_to_users() to service_role;

-- 001, applied again, has granted them to users.
select public.ai_apply_turn_access();

notify pgrst, 'reload schema';
