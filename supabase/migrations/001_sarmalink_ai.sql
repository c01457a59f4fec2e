-- SarmaLink-AI: sessions, the turn ledger, the attempt log, memories and the daily quota.
--
-- Applies on an empty Supabase database, needs no default privileges (hosted projects grant nothing
-- to new tables since 2026-10-30), and may be applied again on itself.
--
-- The rule of this file: `begin_turn` and `settle_turn` are the only writers of a turn. Callers get
-- select on what is theirs; nobody, the service role included, writes usage, events, quota or saved
-- messages directly.

grant usage on schema public to anon, authenticated, service_role;

-- Tables ------------------------------------------------------------------------------------------

create table if not exists public.ai_chat_sessions (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null default auth.uid() references auth.users (id) on delete cascade,
  title text not null default 'New chat' check (char_length(title) between 1 and 200),
  -- Array of {role, content}, oldest first. Written by settle_turn only.
  messages jsonb not null default '[]'::jsonb check (jsonb_typeof(messages) = 'array'),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

create table if not exists public.ai_chat_usage (
  -- The request id: what makes begin and settle idempotent.
  id uuid primary key,
  user_id uuid not null references auth.users (id) on delete cascade,
  -- No foreign key: the ledger outlives the conversation it was spent on.
  session_id uuid,
  session_created boolean not null default false,
  tier text not null check (char_length(tier) between 1 and 64),
  -- UTC day whose quota the turn was counted against; a refund goes back there, also after midnight.
  quota_day date not null,
  used_at_begin integer not null default 0,
  model text,
  backend text,
  prompt_tokens bigint not null default 0 check (prompt_tokens >= 0),
  completion_tokens bigint not null default 0 check (completion_tokens >= 0),
  cached_tokens bigint not null default 0 check (cached_tokens >= 0),
  total_tokens bigint generated always as (prompt_tokens + completion_tokens) stored,
  -- Null: unknown. Zero: known to be free.
  cost_usd numeric check (cost_usd >= 0),
  status text not null default 'started'
    check (status in ('started', 'completed', 'failed', 'cancelled', 'interrupted')),
  usage_source text check (usage_source in ('exact', 'estimated')),
  delivered boolean not null default false,
  -- SHA-256 of the settle secret. No role may read it, see the column grants below.
  settle_hash bytea not null check (octet_length(settle_hash) = 32),
  created_at timestamptz not null default now(),
  settled_at timestamptz
);

create table if not exists public.ai_events (
  id uuid primary key default gen_random_uuid(),
  request_id uuid not null,
  user_id uuid not null references auth.users (id) on delete cascade,
  event_type text not null,
  model_id text,
  backend text,
  key_index integer,
  status text,
  latency_ms integer,
  tokens_out integer,
  meta jsonb not null default '{}'::jsonb,
  created_at timestamptz not null default now()
);

create table if not exists public.ai_user_memories (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null default auth.uid() references auth.users (id) on delete cascade,
  fact text not null check (char_length(fact) between 1 and 1000),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

-- The counter that makes the quota atomic: one row a user, mode and UTC day.
create table if not exists public.ai_quota_counters (
  user_id uuid not null references auth.users (id) on delete cascade,
  tier text not null,
  day date not null,
  used integer not null default 0 check (used >= 0),
  primary key (user_id, tier, day)
);

create index if not exists ai_chat_sessions_user_updated on public.ai_chat_sessions (user_id, updated_at desc);
create index if not exists ai_chat_usage_user_created on public.ai_chat_usage (user_id, created_at desc);
create index if not exists ai_chat_usage_created on public.ai_chat_usage (created_at);
-- What a sweeper of orphaned turns looks for: few rows among many.
create index if not exists ai_chat_usage_unsettled on public.ai_chat_usage (created_at) where status = 'started';
create index if not exists ai_events_request on public.ai_events (request_id);
create index if not exists ai_events_user_created on public.ai_events (user_id, created_at desc);
create index if not exists ai_events_created on public.ai_events (created_at);
create index if not exists ai_user_memories_user_created on public.ai_user_memories (user_id, created_at);
create index if not exists ai_quota_counters_day on public.ai_quota_counters (day);

create or replace view public.ai_usage_today with (security_invoker = true) as
  select
    user_id,
    tier,
    count(*) filter (where delivered or status = 'started') as turns,
    sum(prompt_tokens) as prompt_tokens,
    sum(completion_tokens) as completion_tokens,
    sum(cached_tokens) as cached_tokens,
    sum(total_tokens) as total_tokens,
    sum(cost_usd) as cost_usd
  from public.ai_chat_usage
  where created_at >= date_trunc('day', now(), 'UTC')
  group by user_id, tier;

-- Row level security ------------------------------------------------------------------------------
-- `(select auth.uid())` is evaluated once a statement instead of once a row.

alter table public.ai_chat_sessions enable row level security;
alter table public.ai_chat_usage enable row level security;
alter table public.ai_events enable row level security;
alter table public.ai_user_memories enable row level security;
alter table public.ai_quota_counters enable row level security;

drop policy if exists ai_chat_sessions_own on public.ai_chat_sessions;
create policy ai_chat_sessions_own on public.ai_chat_sessions for all to authenticated
  using ((select auth.uid()) = user_id) with check ((select auth.uid()) = user_id);

drop policy if exists ai_chat_usage_own on public.ai_chat_usage;
create policy ai_chat_usage_own on public.ai_chat_usage for select to authenticated
  using ((select auth.uid()) = user_id);

drop policy if exists ai_events_own on public.ai_events;
create policy ai_events_own on public.ai_events for select to authenticated
  using ((select auth.uid()) = user_id);

drop policy if exists ai_user_memories_own on public.ai_user_memories;
create policy ai_user_memories_own on public.ai_user_memories for all to authenticated
  using ((select auth.uid()) = user_id) with check ((select auth.uid()) = user_id);

drop policy if exists ai_quota_counters_own on public.ai_quota_counters;
create policy ai_quota_counters_own on public.ai_quota_counters for select to authenticated
  using ((select auth.uid()) = user_id);

-- Grants ------------------------------------------------------------------------------------------
-- Everything away first (a project with the old default privileges has granted ALL), then only what
-- is needed. Grants are by column where a row holds what its reader must not see or write.

revoke all on table public.ai_chat_sessions from public, anon, authenticated, service_role;
revoke all on table public.ai_chat_usage from public, anon, authenticated, service_role;
revoke all on table public.ai_events from public, anon, authenticated, service_role;
revoke all on table public.ai_user_memories from public, anon, authenticated, service_role;
revoke all on table public.ai_quota_counters from public, anon, authenticated, service_role;
revoke all on table public.ai_usage_today from public, anon, authenticated, service_role;

grant select, delete on table public.ai_chat_sessions to authenticated, service_role;
grant insert (user_id, title) on table public.ai_chat_sessions to authenticated, service_role;
grant update (title) on table public.ai_chat_sessions to authenticated, service_role;

-- All columns but settle_hash.
grant select (
  id, user_id, session_id, session_created, tier, quota_day, used_at_begin, model, backend, prompt_tokens,
  completion_tokens, cached_tokens, total_tokens, cost_usd, status, usage_source, delivered, created_at, settled_at
) on table public.ai_chat_usage to authenticated, service_role;

grant select on table public.ai_events to authenticated, service_role;
grant select on table public.ai_quota_counters to authenticated, service_role;
grant select on table public.ai_usage_today to authenticated, service_role;

grant select, delete on table public.ai_user_memories to authenticated, service_role;
grant insert (id, user_id, fact) on table public.ai_user_memories to authenticated, service_role;
grant update (fact) on table public.ai_user_memories to authenticated, service_role;

-- Housekeeping ------------------------------------------------------------------------------------

create or replace function public.ai_touch_updated_at() returns trigger
language plpgsql set search_path = '' as $$
begin
  new.updated_at := now();
  return new;
end;
$$;

-- A user keeps 50 conversations; a new one pushes out the one that was touched longest ago.
create or replace function public.ai_cap_sessions() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  -- Two sessions made at once would each see 50 others and push out the same one.
  perform pg_advisory_xact_lock(hashtextextended('ai_chat_sessions:' || new.user_id::text, 0));
  delete from public.ai_chat_sessions where id in (
    select id from public.ai_chat_sessions
    where user_id = new.user_id and id <> new.id
    order by updated_at desc, id
    offset 49
  );
  return null;
end;
$$;

revoke all on function public.ai_touch_updated_at() from public, anon, authenticated, service_role;
revoke all on function public.ai_cap_sessions() from public, anon, authenticated, service_role;

create or replace trigger ai_chat_sessions_touch before update on public.ai_chat_sessions
  for each row execute function public.ai_touch_updated_at();
create or replace trigger ai_chat_sessions_cap after insert on public.ai_chat_sessions
  for each row execute function public.ai_cap_sessions();
create or replace trigger ai_user_memories_touch before update on public.ai_user_memories
  for each row execute function public.ai_touch_updated_at();

-- The writers of a turn ---------------------------------------------------------------------------
-- Errors are SQLSTATEs of the form PTxyz: PostgREST documents that such an error answers with HTTP
-- status xyz and carries the SQLSTATE as `code`, which is what the gateway's adapter reads.
--   PT403  not allowed         PT404  no such session or turn
--   PT409  request id taken    PT429  quota used up

-- For whom a call acts: the signed-in user, or whom the service role names.
create or replace function public.ai_turn_owner(p_user_id uuid) returns uuid
language plpgsql stable security definer set search_path = '' as $$
begin
  if coalesce(auth.role(), '') = 'service_role' then
    if p_user_id is null then
      raise exception 'the service role must name the user' using errcode = 'PT403';
    end if;
    return p_user_id;
  end if;
  if auth.uid() is null or (p_user_id is not null and p_user_id <> auth.uid()) then
    raise exception 'not allowed to act for this user' using errcode = 'PT403';
  end if;
  return auth.uid();
end;
$$;

-- Counts the turn against the quota, finds or makes its session and opens its ledger row.
--
-- p_settle_hash: hex SHA-256 of a secret that settle_turn will ask for. Without a service role these
-- functions run as the user, over the same API that the user's browser can call; if the request id
-- alone could settle a turn, a user could settle the gateway's turns as undelivered, get every unit
-- back, and write a false cost. The gateway keeps the secret; the database only its digest.
--
-- p_daily_limit comes from the gateway and is not to be trusted from elsewhere, nor need it be: a user
-- who calls this directly only spends their own quota.
--
-- Returns {session_id, session_created, messages, used_today}. Idempotent by p_request_id.
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
  v_hash bytea := decode(p_settle_hash, 'hex');
  v_day date := (now() at time zone 'UTC')::date;
  v_session uuid := p_session_id;
  v_created boolean := p_session_id is null;
  v_messages jsonb := '[]'::jsonb;
  v_used integer;
  v_existing public.ai_chat_usage;
begin
  -- First, so that a second begin with the same id waits here for the first one's outcome.
  insert into public.ai_chat_usage (id, user_id, session_id, session_created, tier, quota_day, settle_hash)
  values (p_request_id, v_user, p_session_id, v_created, p_tier, v_day, v_hash)
  on conflict (id) do nothing;

  if not found then
    select * into v_existing from public.ai_chat_usage where id = p_request_id;
    if v_existing.user_id <> v_user or v_existing.settle_hash <> v_hash then
      raise exception 'request id is taken' using errcode = 'PT409';
    end if;
    select messages into v_messages from public.ai_chat_sessions
      where id = v_existing.session_id and user_id = v_user;
    return jsonb_build_object(
      'session_id', v_existing.session_id,
      'session_created', v_existing.session_created,
      'messages', coalesce(v_messages, '[]'::jsonb),
      'used_today', v_existing.used_at_begin
    );
  end if;

  if v_created then
    insert into public.ai_chat_sessions (user_id, title)
    values (v_user, coalesce(nullif(left(btrim(p_title), 200), ''), 'New chat'))
    returning id into v_session;
  else
    select messages into v_messages from public.ai_chat_sessions
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

-- Closes a turn: its ledger row, the saved messages, the quota unit and the attempt log, in one
-- transaction. Returns true when this call settled it, false when it was settled before (and then
-- nothing changes). p_attempts: array of {model_id, backend, key_index, status, latency_ms,
-- tokens_out, meta}.
--
-- The secret of the turn is the credential, and no session is asked for: an answer may take longer than
-- the caller's access token lives, and what was billed must be written all the same. Whoever is signed
-- in can settle their own turns only, and p_user_id, where it is given, must be the turn's user.
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
    update public.ai_chat_sessions set messages = messages || v_new_messages
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

  insert into public.ai_events
    (request_id, user_id, event_type, model_id, backend, key_index, status, latency_ms, tokens_out, meta)
  select p_request_id, v_user, 'attempt', a.model_id, a.backend, a.key_index, a.status,
         round(a.latency_ms)::integer, a.tokens_out, coalesce(a.meta, '{}'::jsonb)
  from jsonb_to_recordset(v_attempts) as a (
    model_id text, backend text, key_index integer, status text, latency_ms numeric, tokens_out integer, meta jsonb
  );

  return true;
end;
$$;

-- Functions are executable by PUBLIC unless that is taken away.
revoke all on function public.ai_turn_owner(uuid) from public, anon, authenticated, service_role;
revoke all on function public.begin_turn(uuid, text, text, integer, uuid, text, uuid)
  from public, anon, authenticated, service_role;
revoke all on function public.settle_turn(
  uuid, text, text, boolean, text, text, bigint, bigint, bigint, numeric, text, text, text, jsonb, uuid
) from public, anon, authenticated, service_role;
grant execute on function public.begin_turn(uuid, text, text, integer, uuid, text, uuid)
  to authenticated, service_role;
grant execute on function public.settle_turn(
  uuid, text, text, boolean, text, text, bigint, bigint, bigint, numeric, text, text, text, jsonb, uuid
) to anon, authenticated, service_role;

-- A running PostgREST learns of the new functions; elsewhere nobody listens.
notify pgrst, 'reload schema';
