-- What a turn costs the database: appending to a session costs the same however long it is, begin_turn holds no
-- lock longer than it works, and what it would finish too late is not counted. The company's capacity.
--
-- UPGRADING. Apply this file before or after the new gateway starts. A gateway of before 016 sends neither
-- timeout_ms nor daily_capacity: its turns are counted in the company's capacity, and not limited by it. A
-- gateway of 016 on a database without this file does without memories, files and capacity.

-- Sessions in parts -------------------------------------------------------------------------------
-- Postgres writes a changed column anew as a whole. So the session's own row keeps only the newest messages, and
-- older ones move into parts, each written once or twice. Sessions from before this file have no parts: their next
-- turn makes them.

-- What the parts hold together. `messages` holds what is newer. This comes first: it locks the sessions more
-- strongly than what follows, and a lock that becomes stronger deadlocks with turns that begin.
alter table public.ai_chat_sessions
  add column if not exists part_messages integer not null default 0,
  add column if not exists part_characters bigint not null default 0;

create table if not exists public.ai_session_parts (
  session_id uuid not null references public.ai_chat_sessions (id) on delete cascade,
  -- The order of the parts; the first one has the oldest messages.
  number integer not null,
  user_id uuid not null references auth.users (id) on delete cascade,
  messages jsonb not null check (jsonb_typeof(messages) = 'array'),
  -- Of these messages; they save reading them.
  message_count integer not null check (message_count > 0),
  characters bigint not null check (characters >= 0),
  primary key (session_id, number)
);

-- A user's rows go with the user.
create index if not exists ai_session_parts_user on public.ai_session_parts (user_id);

alter table public.ai_session_parts enable row level security;
drop policy if exists ai_session_parts_own on public.ai_session_parts;
create policy ai_session_parts_own on public.ai_session_parts for select to authenticated
  using ((select auth.uid()) = user_id);
revoke all on table public.ai_session_parts from public, anon, authenticated, service_role;
grant select on table public.ai_session_parts to authenticated, service_role;

-- A session with all of its messages, as ai_chat_sessions had them before.
create or replace view public.ai_complete_sessions with (security_invoker = true) as
  select
    session.id, session.user_id, session.title,
    case when session.part_messages = 0 then session.messages else (
      select coalesce(jsonb_agg(message order by part.number, place), '[]'::jsonb)
      from public.ai_session_parts part
      cross join lateral jsonb_array_elements(part.messages) with ordinality as stored (message, place)
      where part.session_id = session.id
    ) || session.messages end as messages,
    session.created_at, session.updated_at, session.last_mode
  from public.ai_chat_sessions session;
revoke all on table public.ai_complete_sessions from public, anon, authenticated, service_role;
grant select on table public.ai_complete_sessions to authenticated, service_role;

-- The newest messages of a session, up to 150,000 characters, as ai_newest_messages says. p_messages and
-- p_part_messages are the session's columns. STABLE: it sees the parts as of the statement that read those, so
-- that a message which moves meanwhile is neither missing nor there twice.
create or replace function public.ai_recent_messages(p_session uuid, p_messages jsonb, p_part_messages integer)
returns jsonb
language plpgsql stable set search_path = '' as $$
declare
  v_messages jsonb := p_messages;
  v_characters bigint;
  v_part record;
begin
  if p_part_messages > 0 then
    v_characters := public.ai_characters(p_messages);
    for v_part in
      select messages, characters from public.ai_session_parts where session_id = p_session order by number desc
    loop
      exit when v_characters >= 150000;
      v_messages := v_part.messages || v_messages;
      v_characters := v_characters + v_part.characters;
    end loop;
  end if;
  return public.ai_newest_messages(v_messages);
end;
$$;

create or replace function public.ai_characters(p_messages jsonb) returns bigint
language plpgsql immutable set search_path = '' as $$
begin
  return (
    select coalesce(sum(char_length(message ->> 'content')), 0)
    from jsonb_array_elements(p_messages) as stored (message)
  );
end;
$$;

-- Whether a session has more messages in its own row than should be there, or more in all than 007 allows. An
-- estimate on the side of true: bytes are no fewer than characters.
create or replace function public.ai_is_full(p_messages jsonb, p_part_messages integer, p_part_characters bigint)
returns boolean
language plpgsql immutable set search_path = '' as $$
declare
  v_size constant bigint := pg_column_size(p_messages || '[]'::jsonb);
begin
  return jsonb_array_length(p_messages) > 32 or v_size > 65536
    or p_part_messages + jsonb_array_length(p_messages) > 2000 or p_part_characters + v_size > 1000000;
end;
$$;

-- Moves the older messages of a session's own row into parts, and removes the oldest ones beyond 2,000 messages
-- and 1,000,000 characters. The caller has locked the session. Costs the same however long the session is: it
-- reads the newest part, and the oldest one if messages are removed.
create or replace function public.ai_pack_session(p_session uuid) returns void
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_session public.ai_chat_sessions;
  v_messages jsonb;
  v_older jsonb := '[]'::jsonb;
  v_number integer := 0;
  v_open public.ai_session_parts;
  v_count integer;
  v_characters bigint;
begin
  select * into v_session from public.ai_chat_sessions where id = p_session;
  v_messages := public.ai_bounded_messages(v_session.messages);
  -- What does not fit any more is older than what stays, and the parts are older still.
  if jsonb_array_length(v_messages) < jsonb_array_length(v_session.messages) then
    delete from public.ai_session_parts where session_id = p_session;
    v_session.part_messages := 0;
    v_session.part_characters := 0;
  end if;

  if jsonb_array_length(v_messages) > 32 or pg_column_size(v_messages || '[]'::jsonb) > 65536 then
    -- Half of what may be there stays, so that not every turn moves something; and the newest turn, however long
    -- it is: whoever reads the session's own row sees what was said last.
    select coalesce(jsonb_agg(message order by place) filter (where stays), '[]'::jsonb),
           coalesce(jsonb_agg(message order by place) filter (where not stays), '[]'::jsonb)
      into v_messages, v_older
      from (
        select place, message,
          row_number() over newest_first <= 2
            or row_number() over newest_first <= 16 and sum(pg_column_size(message)) over newest_first <= 32768
            as stays
        from jsonb_array_elements(v_messages) with ordinality as stored (message, place)
        window newest_first as (order by place desc)
      ) as split;

    -- A newest part that is small takes them in, so that parts do not become many.
    select * into v_open from public.ai_session_parts
      where session_id = p_session order by number desc limit 1;
    if found then
      v_number := v_open.number + 1;
      if v_open.message_count < 64 and v_open.characters < 32768 then
        delete from public.ai_session_parts where session_id = p_session and number = v_open.number;
        v_older := v_open.messages || v_older;
        v_session.part_messages := v_session.part_messages - v_open.message_count;
        v_session.part_characters := v_session.part_characters - v_open.characters;
        v_number := v_open.number;
      end if;
    end if;
    with measured as (
      select place, message, coalesce(char_length(message ->> 'content'), 0) as characters
      from jsonb_array_elements(v_older) with ordinality as stored (message, place)
    ), parts as (
      select place, message, characters, (place - 1) / 64 as by_count,
        (sum(characters) over (order by place) - characters) / 65536 as by_size
      from measured
    ), made as (
      insert into public.ai_session_parts (session_id, number, user_id, messages, message_count, characters)
      select p_session, v_number + row_number() over (order by min(place)) - 1, v_session.user_id,
             jsonb_agg(message order by place), count(*), sum(characters)
      from parts group by by_count, by_size
      returning message_count, characters
    )
    select v_session.part_messages + coalesce(sum(message_count), 0),
           v_session.part_characters + coalesce(sum(characters), 0)
      into v_session.part_messages, v_session.part_characters from made;
  end if;

  select * into v_count, v_characters from public.ai_drop_oldest(
    p_session,
    v_session.part_messages + jsonb_array_length(v_messages) - 2000,
    v_session.part_characters + public.ai_characters(v_messages) - 1000000
  );
  update public.ai_chat_sessions set
    messages = v_messages,
    part_messages = v_session.part_messages - v_count,
    part_characters = v_session.part_characters - v_characters
  where id = p_session;
end;
$$;

-- Removes the oldest messages of a session's parts: at least p_messages of them, with at least p_characters. Says
-- how many it has removed, with how many characters.
create or replace function public.ai_drop_oldest(
  p_session uuid, p_messages bigint, p_characters bigint, out dropped integer, out dropped_characters bigint
)
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_part public.ai_session_parts;
  v_count integer;
  v_characters bigint;
begin
  dropped := 0;
  dropped_characters := 0;
  while dropped < p_messages or dropped_characters < p_characters loop
    select * into v_part from public.ai_session_parts where session_id = p_session order by number limit 1;
    exit when not found;
    -- As few as are needed; all of them if that is not enough.
    select coalesce(
        min(place) filter (where dropped + place >= p_messages and dropped_characters + so_far >= p_characters),
        v_part.message_count
      ) into v_count
      from (
        select place, sum(coalesce(char_length(message ->> 'content'), 0)) over (order by place) as so_far
        from jsonb_array_elements(v_part.messages) with ordinality as stored (message, place)
      ) as counted;
    if v_count >= v_part.message_count then
      v_characters := v_part.characters;
      delete from public.ai_session_parts where session_id = p_session and number = v_part.number;
    else
      v_part.messages := jsonb_path_query_array(
        v_part.messages, '$[$first to last]', jsonb_build_object('first', v_count)
      );
      v_characters := v_part.characters - public.ai_characters(v_part.messages);
      update public.ai_session_parts set
        messages = v_part.messages,
        message_count = v_part.message_count - v_count,
        characters = v_part.characters - v_characters
      where session_id = p_session and number = v_part.number;
    end if;
    dropped := dropped + v_count;
    dropped_characters := dropped_characters + v_characters;
  end loop;
end;
$$;

-- How many sessions a user keeps ------------------------------------------------------------------

-- Removes sessions of these users beyond the 50 that were touched last, but none in which a turn of the last hour
-- is under way: those have up to 1,000.
--
-- It waits for no session, so it may be called when ledger rows are locked: what somebody else has locked is being
-- written to, and is looked at again when that is done.
create or replace function public.ai_trim_sessions(p_users uuid[]) returns void
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_user uuid;
  v_busy uuid[];
  v_excess uuid[];
begin
  for v_user in select distinct id from unnest(p_users) as given (id) where id is not null order by id loop
    -- Almost always there is nothing to do.
    perform 1 from public.ai_chat_sessions where user_id = v_user order by updated_at desc offset 50 limit 1;
    continue when not found;
    -- Two at once would each see the other's turn under way, and both sessions would stay.
    perform pg_advisory_xact_lock(hashtextextended('ai_chat_sessions:' || v_user::text, 0));
    v_busy := array(
      select distinct session_id from public.ai_chat_usage
      where status = 'started' and user_id = v_user and session_id is not null
        and created_at > now() - interval '1 hour'
    );
    v_excess := array(
      select id from (
        select id, row_number() over (order by updated_at desc, id) as place
        from public.ai_chat_sessions where user_id = v_user
      ) as ranked
      where place > 50 and (id <> all(v_busy) or place > 1000)
    );
    delete from public.ai_chat_sessions where id in (
      select id from public.ai_chat_sessions where id = any(v_excess) order by id for update skip locked
    );
  end loop;
end;
$$;

create or replace function public.ai_cap_sessions() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  perform public.ai_trim_sessions(array[new.user_id]);
  return null;
end;
$$;

-- For sessions that are inserted through the API. A turn of a gateway trims when it ends, see ai_settle_turns:
-- inside begin_turn the current user is its owner.
create or replace trigger ai_chat_sessions_cap after insert on public.ai_chat_sessions
  for each row when (current_user in ('anon', 'authenticated', 'service_role'))
  execute function public.ai_cap_sessions();

-- The company's capacity --------------------------------------------------------------------------

-- Turns of all users in a mode on a UTC day. All begins in a mode wait for this row: it is locked last.
create table if not exists public.ai_capacity_counters (
  tier text not null check (tier ~ '^[A-Za-z0-9][A-Za-z0-9._:/-]{0,63}$'),
  day date not null check (isfinite(day)),
  used integer not null default 0 check (used >= 0),
  primary key (tier, day)
);

alter table public.ai_capacity_counters enable row level security;
revoke all on table public.ai_capacity_counters from public, anon, authenticated, service_role;
grant select on table public.ai_capacity_counters to service_role;

-- What was used on the day of the upgrade.
insert into public.ai_capacity_counters (tier, day, used)
select tier, day, least(sum(used), 2147483647)::integer from public.ai_quota_counters
where day >= (now() at time zone 'UTC')::date - 1
group by tier, day
on conflict (tier, day) do nothing;

-- Counts a turn of a user, who may have so many in this mode today, and returns how many it makes. PT429 names the
-- tier as its detail, and as its hint whose limit is reached, 'user' or 'company'. No limit at all means none was
-- decided: refused, like zero.
create or replace function public.ai_count_for_user(p_user uuid, p_tier text, p_day date, p_limit integer)
returns integer
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_used integer;
begin
  if p_limit > 0 then
    insert into public.ai_quota_counters as counter (user_id, tier, day, used)
    values (p_user, p_tier, p_day, 1)
    on conflict (user_id, tier, day) do update set used = counter.used + 1
      where counter.used < p_limit
    returning used into v_used;
  end if;
  if v_used is null then
    raise exception 'daily quota used up' using errcode = 'PT429', detail = p_tier, hint = 'user';
  end if;
  return v_used;
end;
$$;

-- Counts a turn of the company, after it was counted for its user. No capacity means that there is no limit.
create or replace function public.ai_count_for_company(p_tier text, p_day date, p_capacity integer) returns void
language plpgsql volatile security definer set search_path = '' as $$
begin
  if p_capacity is null or p_capacity > 0 then
    insert into public.ai_capacity_counters as counter (tier, day, used)
    values (p_tier, p_day, 1)
    on conflict (tier, day) do update set used = counter.used + 1
      where p_capacity is null or counter.used < p_capacity;
    if found then
      return;
    end if;
  end if;
  raise exception 'daily capacity used up' using errcode = 'PT429', detail = p_tier, hint = 'company';
end;
$$;

-- Beginning a turn --------------------------------------------------------------------------------

-- Opens a turn's ledger row, finds or makes its session and counts the turn, as 001, 010 and 014 say.
--
-- p_turn: {request_id, settle_hash, mode, tier, daily_limit, daily_capacity, session_id, title, user_id,
-- by_last_mode, timeout_ms}. `mode` is what the turn is for, `tier` what it counts in: a mode without engines
-- borrows those of another one. `daily_capacity` is the company's limit. `by_last_mode` has for some modes that the
-- session's turn before may have had {tier, daily_limit, daily_capacity}: those replace mode, tier and limits if it
-- had that mode.
--
-- Returns {session_id, session_created, messages, used_today, last_mode, memories, has_files}; `last_mode` is the
-- key of `by_last_mode` that applied, null if none did; `memories` are the user's facts, the oldest first. PT429:
-- see ai_count_for_user. Idempotent by request id.
--
-- PT503 after `timeout_ms`, because nobody waits for the answer any more: then nothing is stored or counted.
--
-- With a settle_secret the turn has begun already, and is moved to another mode: see ai_move_turn.
create or replace function public.begin_turn(p_turn jsonb) returns jsonb
language plpgsql volatile security definer set search_path = '' as $$
declare
  -- PostgREST hands a JSON object over as one; @supabase/lite may as a string that holds one.
  v_turn jsonb := case when jsonb_typeof(p_turn) = 'string' then (p_turn #>> '{}')::jsonb else p_turn end;
  v_request uuid := (v_turn ->> 'request_id')::uuid;
  v_user uuid;
  v_recorder text := public.ai_turn_recorder();
  v_hash bytea := decode(v_turn ->> 'settle_hash', 'hex');
  v_day date := (now() at time zone 'UTC')::date;
  v_session uuid := (v_turn ->> 'session_id')::uuid;
  v_created boolean := v_session is null;
  v_mode text := coalesce(v_turn ->> 'mode', v_turn ->> 'tier');
  v_tier text := v_turn ->> 'tier';
  v_limit integer := (v_turn ->> 'daily_limit')::integer;
  v_capacity integer := (v_turn ->> 'daily_capacity')::integer;
  v_by_last_mode jsonb := v_turn -> 'by_last_mode';
  v_known boolean := v_created;
  v_messages jsonb := '[]'::jsonb;
  v_last_mode text;
  v_kept text;
  v_used integer;
  v_existing public.ai_chat_usage;
begin
  perform public.ai_limit_begin(v_turn, v_recorder);
  if v_turn ? 'settle_secret' then
    return public.ai_move_turn(v_turn);
  end if;
  v_user := public.ai_turn_owner((v_turn ->> 'user_id')::uuid);

  if not v_created then
    select public.ai_recent_messages(id, messages, part_messages), last_mode into v_messages, v_last_mode
      from public.ai_chat_sessions where id = v_session and user_id = v_user;
    v_known := found;
    if v_by_last_mode ? v_last_mode then
      v_kept := v_last_mode;
      v_tier := v_by_last_mode -> v_kept ->> 'tier';
      v_mode := v_tier;
      v_limit := (v_by_last_mode -> v_kept ->> 'daily_limit')::integer;
      v_capacity := (v_by_last_mode -> v_kept ->> 'daily_capacity')::integer;
    end if;
  end if;

  -- Before anything is counted, so that a second begin with the same id waits here for the first one's outcome.
  insert into public.ai_chat_usage (
    id, user_id, session_id, session_created, tier, quota_day, settle_hash, recorded_by
  )
  values (v_request, v_user, v_session, v_created, v_tier, v_day, v_hash, v_recorder)
  on conflict (id) do nothing;

  if not found then
    select * into v_existing from public.ai_chat_usage where id = v_request;
    if v_existing.user_id is distinct from v_user or v_existing.settle_hash <> v_hash then
      raise exception 'request id is taken' using errcode = 'PT409';
    end if;
    select public.ai_recent_messages(id, messages, part_messages) into v_messages from public.ai_chat_sessions
      where id = v_existing.session_id and user_id = v_user;
    return jsonb_build_object(
      'session_id', v_existing.session_id,
      'session_created', v_existing.session_created,
      'messages', coalesce(v_messages, '[]'::jsonb),
      'used_today', v_existing.used_at_begin,
      -- By now the session's last mode is this turn's own.
      'last_mode', case when v_by_last_mode -> v_existing.tier ->> 'tier' = v_existing.tier then v_existing.tier end
    ) || public.ai_turn_context(v_user, v_existing.session_id);
  end if;

  if v_recorder = 'user' then
    perform public.ai_limit_user(v_user, v_tier, v_day);
  end if;
  if not v_known then
    raise exception 'no such session' using errcode = 'PT404';
  end if;
  if v_created then
    insert into public.ai_chat_sessions (user_id, title, last_mode)
    values (v_user, coalesce(nullif(left(btrim(v_turn ->> 'title'), 200), ''), 'New chat'), v_mode)
    returning id into v_session;
    -- A user who never settles would make sessions without end.
    if v_recorder = 'user' then
      perform public.ai_trim_sessions(array[v_user]);
    end if;
  elsif v_last_mode is distinct from v_mode then
    -- Before the counters: sessions are locked first, as everywhere.
    update public.ai_chat_sessions set last_mode = v_mode where id = v_session and user_id = v_user;
  end if;

  -- What it reads is read before the counters are locked.
  v_turn := v_turn || public.ai_turn_context(v_user, case when not v_created then v_session end);
  v_used := public.ai_count_for_user(v_user, v_tier, v_day, v_limit);
  update public.ai_chat_usage set session_id = v_session, used_at_begin = v_used where id = v_request;
  perform public.ai_count_for_company(v_tier, v_day, v_capacity);
  perform public.ai_assert_in_time(v_turn);

  return jsonb_build_object(
    'session_id', v_session,
    'session_created', v_created,
    'messages', v_messages,
    'used_today', v_used,
    'last_mode', v_kept,
    'memories', v_turn -> 'memories',
    'has_files', v_turn -> 'has_files'
  );
end;
$$;

-- What a turn needs to know of its user and session beside the messages. No session means a new one.
create or replace function public.ai_turn_context(p_user uuid, p_session uuid) returns jsonb
language plpgsql stable security definer set search_path = '' set plan_cache_mode = force_generic_plan as $$
begin
  return jsonb_build_object(
    'memories', (
      select coalesce(jsonb_agg(fact order by created_at, id), '[]'::jsonb)
      from public.ai_user_memories where user_id = p_user
    ),
    'has_files', p_session is not null and exists (
      select 1 from public.ai_attachments where session_id = p_session and user_id = p_user
    )
  );
end;
$$;

-- For how long a begin may wait and hold others up.
--
-- Many begins of one user wait for one row until each has committed. A begin that is lost because Postgres crashed
-- in the moment after it is made again when its turn is settled (ai_settle_turns), so nobody waits for the disk.
-- Only the service role can make it again: a user's begin is on the disk before the answer.
create or replace function public.ai_limit_begin(p_turn jsonb, p_recorder text) returns void
language plpgsql volatile security definer set search_path = '' as $$
begin
  if p_recorder = 'service' then
    perform set_config('synchronous_commit', 'off', true);
  end if;
  if p_turn ->> 'timeout_ms' is not null then
    perform set_config('lock_timeout', least(greatest((p_turn ->> 'timeout_ms')::integer, 1), 60000) || 'ms', true);
  end if;
end;
$$;

-- PT503 if the caller has given up by now: `timeout_ms` after the transaction's begin.
create or replace function public.ai_assert_in_time(p_turn jsonb) returns void
language plpgsql volatile security definer set search_path = '' as $$
begin
  if clock_timestamp() > now() + make_interval(secs => (p_turn ->> 'timeout_ms')::integer / 1000.0) then
    raise exception 'too late: nobody waits for this turn any more' using errcode = 'PT503';
  end if;
end;
$$;

-- PT429 for a user who calls begin_turn without a gateway and has begun 10,000 turns this UTC day, or has counted
-- turns in 32 modes: the daily limit is an argument, and modes can be invented.
create or replace function public.ai_limit_user(p_user uuid, p_tier text, p_day date) returns void
language plpgsql volatile security definer set search_path = '' as $$
begin
  -- Many begins at once would each count what the others have not committed.
  perform pg_advisory_xact_lock(hashtextextended('ai_chat_usage:' || p_user::text, 0));
  if (
    select count(*) from (
      select 1 from public.ai_chat_usage
      where user_id = p_user and created_at >= p_day::timestamp at time zone 'UTC'
      limit 10001
    ) as today
  ) > 10000
  or public.ai_is_mode_too_many(p_user, p_tier, p_day) then
    raise exception 'too many turns in a day' using errcode = 'PT429', detail = p_tier, hint = 'user';
  end if;
end;
$$;

create or replace function public.ai_is_mode_too_many(p_user uuid, p_tier text, p_day date) returns boolean
language plpgsql volatile security definer set search_path = '' as $$
begin
  return not exists (
    select 1 from public.ai_quota_counters where user_id = p_user and tier = p_tier and day = p_day
  ) and (select count(*) from public.ai_quota_counters where user_id = p_user and day = p_day) >= 32;
end;
$$;

-- Moves a turn that has begun, and is still without an answer, to another mode: its quota unit, its row and its
-- session's mode. p_turn: {request_id, settle_secret, tier, daily_limit, daily_capacity, timeout_ms}. As in
-- settle_turn the secret is the credential, and whoever is signed in can move their own turns only.
--
-- Returns {used_today} of the new mode. PT404: no such turn, or it has ended. PT403: wrong secret. PT429: a limit
-- of the new mode is reached; then the turn stays as it is. Harmless when repeated.
create or replace function public.ai_move_turn(p_turn jsonb) returns jsonb
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_request uuid := (p_turn ->> 'request_id')::uuid;
  v_tier text := p_turn ->> 'tier';
  v_known public.ai_chat_usage;
  v_used integer;
begin
  select * into v_known from public.ai_chat_usage where id = v_request;
  if not found or v_known.user_id <> coalesce(auth.uid(), v_known.user_id) then
    raise exception 'no such turn' using errcode = 'PT404';
  end if;
  if sha256(convert_to(coalesce(p_turn ->> 'settle_secret', ''), 'UTF8')) <> v_known.settle_hash then
    raise exception 'wrong settle secret' using errcode = 'PT403';
  end if;

  -- Many moves at once would each count the modes without what the others have not committed: see ai_limit_user.
  if public.ai_turn_recorder() = 'user' then
    perform pg_advisory_xact_lock(hashtextextended('ai_chat_usage:' || v_known.user_id::text, 0));
  end if;
  -- Sessions, rows, counters: in this order everywhere, and each in the order of their keys.
  perform 1 from public.ai_chat_sessions where id = v_known.session_id and user_id = v_known.user_id for update;
  select * into v_known from public.ai_chat_usage where id = v_request and status = 'started' for update;
  if not found then
    raise exception 'no such turn' using errcode = 'PT404';
  end if;
  if v_known.tier = v_tier then
    return jsonb_build_object('used_today', v_known.used_at_begin);
  end if;
  update public.ai_chat_sessions set last_mode = v_tier
    where id = v_known.session_id and user_id = v_known.user_id;
  perform 1 from public.ai_quota_counters
    where user_id = v_known.user_id and tier in (v_known.tier, v_tier) and day = v_known.quota_day
    order by user_id, tier, day for update;
  if public.ai_turn_recorder() = 'user'
    and public.ai_is_mode_too_many(v_known.user_id, v_tier, v_known.quota_day) then
    raise exception 'too many modes in a day' using errcode = 'PT429', detail = v_tier, hint = 'user';
  end if;
  v_used := public.ai_count_for_user(
    v_known.user_id, v_tier, v_known.quota_day, (p_turn ->> 'daily_limit')::integer
  );
  update public.ai_quota_counters set used = greatest(used - 1, 0)
    where user_id = v_known.user_id and tier = v_known.tier and day = v_known.quota_day;
  update public.ai_chat_usage set tier = v_tier, used_at_begin = v_used where id = v_request;
  perform 1 from public.ai_capacity_counters
    where tier in (v_known.tier, v_tier) and day = v_known.quota_day order by tier, day for update;
  perform public.ai_count_for_company(v_tier, v_known.quota_day, (p_turn ->> 'daily_capacity')::integer);
  update public.ai_capacity_counters set used = greatest(used - 1, 0)
    where tier = v_known.tier and day = v_known.quota_day;
  perform public.ai_assert_in_time(p_turn);
  return jsonb_build_object('used_today', v_used);
end;
$$;

-- For gateways of before 014.
create or replace function public.begin_turn(
  p_request_id uuid,
  p_settle_hash text,
  p_tier text,
  p_daily_limit integer,
  p_session_id uuid default null,
  p_title text default null,
  p_user_id uuid default null
) returns jsonb
language sql volatile security definer set search_path = '' as $$
  select public.begin_turn(jsonb_build_object(
    'request_id', p_request_id, 'settle_hash', p_settle_hash, 'tier', p_tier, 'daily_limit', p_daily_limit,
    'session_id', p_session_id, 'title', p_title, 'user_id', p_user_id
  )) - '{last_mode,memories,has_files}'::text[];
$$;

-- Ending turns ------------------------------------------------------------------------------------

-- Begins turns again that somebody was told had begun and that are not there: Postgres has crashed in the moment
-- after (ai_limit_begin). Only those that were billed or have delivered something: of others nothing is lost, and
-- their begin may still be under way. Returns their ids.
create or replace function public.ai_restore_begins(p_turns jsonb) returns uuid[]
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_lost uuid[];
begin
  v_lost := array(
    select id from jsonb_to_recordset(p_turns) as given (
      id uuid, tier text, started_at numeric, settle_secret text, delivered boolean, cost_usd numeric, attempts jsonb
    )
    where settle_secret is not null and tier is not null and started_at is not null
      and (delivered or cost_usd > 0 or attempts -> 0 is not null)
      and not exists (select 1 from public.ai_chat_usage turn where turn.id = given.id)
  );
  if v_lost = '{}' then
    return v_lost;
  end if;
  -- With its session, if that was made in the same moment. Title as the gateway makes it.
  insert into public.ai_chat_sessions (id, user_id, title, last_mode)
  select distinct on (session_id)
    session_id, user_id, coalesce(nullif(left(btrim(user_message), 60), ''), 'New chat'), tier
  from jsonb_to_recordset(p_turns) as given (
    id uuid, user_id uuid, session_id uuid, tier text, delivered boolean, user_message text
  )
  where id = any(v_lost) and delivered and session_id is not null and user_id is not null
  order by session_id, id
  on conflict (id) do nothing;
  insert into public.ai_chat_usage (id, user_id, session_id, tier, quota_day, settle_hash, recorded_by, created_at)
  select id, user_id, session_id, tier, (to_timestamp(started_at / 1000.0) at time zone 'UTC')::date,
         sha256(convert_to(settle_secret, 'UTF8')), 'service', to_timestamp(started_at / 1000.0)
  from jsonb_to_recordset(p_turns) as given (
    id uuid, user_id uuid, session_id uuid, tier text, started_at numeric, settle_secret text
  )
  where id = any(v_lost)
  order by id
  on conflict (id) do nothing;
  return v_lost;
end;
$$;

-- By how much the end of a turn changes what is counted. p_uncounted: its unit is not in the counters.
create or replace function public.ai_unit_change(p_delivered boolean, p_uncounted boolean) returns integer
language plpgsql immutable set search_path = '' as $$
begin
  return case when p_delivered and p_uncounted then 1 when p_delivered or p_uncounted then 0 else -1 end;
end;
$$;

-- Of these turns those that may be settled, and why the others may not: {ids, refused: [{id, code, reason}]}.
create or replace function public.ai_known_turns(p_turns jsonb, out ids uuid[], out refused jsonb)
language plpgsql volatile security definer set search_path = '' set plan_cache_mode = force_generic_plan as $$
begin
  select
    coalesce(array_agg(known.id) filter (where code is null), '{}'),
    coalesce(jsonb_agg(jsonb_build_object('id', known.id, 'code', code, 'reason', case code
      when 'PT404' then 'no such turn' when 'PT403' then 'wrong settle secret' end)) filter (where code is not null), '[]')
  into ids, refused
  from (
    select given.id, case
        when turn.id is null or turn.user_id <> coalesce(given.user_id, turn.user_id)
          or turn.user_id <> coalesce(auth.uid(), turn.user_id) then 'PT404'
        -- Digests of a 256-bit secret: the time of the comparison tells nothing that helps to find it.
        when sha256(convert_to(coalesce(given.settle_secret, ''), 'UTF8')) <> turn.settle_hash then 'PT403'
      end as code
    from jsonb_to_recordset(p_turns) as given (id uuid, user_id uuid, settle_secret text)
    -- One look-up a turn: a join of unknown size would read the whole ledger.
    left join lateral (
      select id, user_id, settle_hash from public.ai_chat_usage where id = given.id limit 1
    ) as turn on true
  ) as known;
end;
$$;

-- Settles turns that begin_turn has begun: their rows, messages, quota and attempts. p_turns: array of objects
-- as settle_turns takes them, each with its settle_secret.
--
-- The secret of a turn is the credential, and no session is asked for: an answer may take longer than the
-- caller's access token lives, and what was billed must be written all the same. Whoever is signed in can
-- settle their own turns only, and a user_id that is given must be the turn's user.
--
-- Returns {settled: [id], refused: [{id, code, reason}]}; a turn that was settled before is in neither, and
-- nothing changes. Only one that was found interrupted (its process seemed dead) gives way to its real end.
--
-- What a turn adds is appended to its session's own row; ai_pack_session moves older messages out of that.
--
-- Every transaction locks sessions first, then ledger rows, the number of a user's sessions, the users' counters and
-- the company's, each in the order of their keys: neither two batches nor a batch and begin_turn can deadlock.
--
-- Plans are made once a connection: for lists of ids Postgres would make them anew at each call, which takes
-- longer than to carry them out.
create or replace function public.ai_settle_turns(p_turns jsonb) returns jsonb
language plpgsql volatile security definer set search_path = '' set plan_cache_mode = force_generic_plan as $$
declare
  v_recorder text := public.ai_turn_recorder();
  v_turns jsonb;
  v_ids uuid[];
  v_refused jsonb;
  -- Turns that are settled now, and those of them that were found interrupted before.
  v_open uuid[];
  v_again uuid[];
  v_keeps_attempts boolean := true;
  v_restored uuid[] := '{}';
  v_full uuid[];
  v_users uuid[];
  v_quota record;
  v_session uuid;
begin
  -- The same turn twice in a batch: what was seen to end knows more than what was only found started.
  select jsonb_agg(turn order by place) into v_turns from (
    select distinct on (turn ->> 'id') turn, place
    from jsonb_array_elements(p_turns) with ordinality as given (turn, place)
    order by turn ->> 'id', turn ->> 'status' = 'interrupted', place
  ) as once;

  -- Before anything is locked.
  select ids, refused into v_ids, v_refused from public.ai_known_turns(v_turns);
  if v_recorder = 'service' and v_refused @> '[{"code": "PT404"}]' then
    v_restored := public.ai_restore_begins(v_turns);
    if v_restored <> '{}' then
      select ids, refused into v_ids, v_refused from public.ai_known_turns(v_turns);
    end if;
  end if;

  perform 1 from public.ai_chat_sessions
    where id = any(array(select session_id from public.ai_chat_usage where id = any(v_ids)))
    order by id for update;
  select
    coalesce(array_agg(id), '{}'), coalesce(array_agg(id) filter (where status = 'interrupted'), '{}')
  into v_open, v_again
  from (
    select turn.id, turn.status
    from public.ai_chat_usage turn
    join jsonb_to_recordset(v_turns) as given (id uuid, status text) on given.id = turn.id
    where turn.id = any(v_ids) and (
      turn.status = 'started'
      or (turn.status = 'interrupted' and not turn.delivered and given.status <> 'interrupted')
    )
    order by turn.id for update of turn
  ) as locked;
  if v_open = '{}' then
    return jsonb_build_object('settled', '[]'::jsonb, 'refused', v_refused);
  end if;

  if exists (
    select 1 from jsonb_to_recordset(v_turns) as given (id uuid, status text)
    where given.id = any(v_open) and coalesce(given.status, 'started') = 'started'
  ) then
    raise exception 'a turn is settled to an end state' using errcode = '22023';
  end if;

  -- A user who has written 30,000 attempts this UTC day without a gateway writes no more of them.
  if v_recorder = 'user' then
    v_keeps_attempts := (
      select count(*) from (
        select 1 from public.ai_events
        where user_id = (select user_id from public.ai_chat_usage where id = v_open[1])
          and created_at >= date_trunc('day', now(), 'UTC')
        limit 30000
      ) as today
    ) < 30000;
  end if;

  with settled as (
    update public.ai_chat_usage as turn set
      status = given.status,
      delivered = given.delivered,
      model = given.model,
      backend = given.backend,
      prompt_tokens = coalesce(given.prompt_tokens, 0),
      completion_tokens = coalesce(given.completion_tokens, 0),
      cached_tokens = coalesce(given.cached_tokens, 0),
      cost_usd = given.cost_usd,
      usage_source = given.usage_source,
      attempts = case when v_keeps_attempts then public.ai_bounded_attempts(given.attempts) else '[]' end,
      -- Only the service role can tell which key it was.
      key_id = case when v_recorder = 'service' then given.key_id else turn.key_id end,
      -- Begun by one and settled by another, it is the weaker word that counts.
      recorded_by = case when v_recorder = 'user' then 'user' else turn.recorded_by end,
      settled_at = now()
    from jsonb_to_recordset(v_turns) as given (
      id uuid, key_id uuid, status text, delivered boolean, model text, backend text, prompt_tokens bigint,
      completion_tokens bigint, cached_tokens bigint, cost_usd numeric, usage_source text, attempts jsonb
    )
    where turn.id = given.id and turn.id = any(v_open)
    returning turn.id, turn.user_id, turn.attempts
  )
  insert into public.ai_events
    (request_id, user_id, event_type, model_id, backend, key_index, status, latency_ms, tokens_out, meta)
  select settled.id, settled.user_id, 'attempt', a.model_id, a.backend, a.key_index, a.status,
         -- NaN is larger than every number: it becomes the largest.
         least(greatest(round(a.latency_ms), 0), 2147483647)::integer, a.tokens_out, coalesce(a.meta, '{}'::jsonb)
  from settled
  cross join lateral jsonb_to_recordset(settled.attempts) as a (
    model_id text, backend text, key_index integer, status text, latency_ms numeric, tokens_out integer, meta jsonb
  );

  -- No row when the user deleted the session meanwhile: then there is nothing to keep.
  with said as (
    select turn.session_id, turn.user_id, coalesce(
        jsonb_agg(jsonb_build_object('role', message.role, 'content', message.content) order by place, message.role desc)
          filter (where message.content <> ''), '[]'
      ) as messages
    from jsonb_array_elements(v_turns) with ordinality as given (turn, place)
    join public.ai_chat_usage turn on turn.id = (given.turn ->> 'id')::uuid
    cross join lateral (values
      ('user', given.turn ->> 'user_message'), ('assistant', given.turn ->> 'assistant_message')
    ) as message (role, content)
    where turn.id = any(v_open) and turn.delivered
    group by turn.session_id, turn.user_id
  ), appended as (
    update public.ai_chat_sessions as session
    set messages = session.messages || said.messages
    from said where session.id = said.session_id and session.user_id = said.user_id
    returning session.id,
      public.ai_is_full(session.messages, session.part_messages, session.part_characters) as is_full
  )
  select array_agg(id order by id) into v_full from appended where is_full;
  foreach v_session in array coalesce(v_full, '{}') loop
    perform public.ai_pack_session(v_session);
  end loop;

  -- A conversation in which nothing was ever said, and nothing is being said now.
  delete from public.ai_chat_sessions as session using public.ai_chat_usage turn
    where turn.id = any(v_open) and not turn.delivered and turn.session_created
      and session.id = turn.session_id and session.user_id = turn.user_id
      and session.messages = '[]'::jsonb and session.part_messages = 0
      and not exists (
        select 1 from public.ai_chat_usage other
        where other.session_id = session.id and other.user_id = session.user_id and other.status = 'started'
      );

  -- At each turn's end, because sessions that were busy when another one was made have to be counted again.
  select array_agg(distinct user_id) into v_users from public.ai_chat_usage where id = any(v_open);
  perform public.ai_trim_sessions(v_users);

  -- What delivered nothing gives its unit back; what seemed to have, or was lost, and did deliver, takes it again.
  for v_quota in
    select user_id, tier, quota_day, sum(public.ai_unit_change(delivered, id = any(v_again || v_restored))) as change
    from public.ai_chat_usage where id = any(v_open) and user_id is not null
    group by user_id, tier, quota_day
    order by user_id, tier, quota_day
  loop
    continue when v_quota.change = 0;
    insert into public.ai_quota_counters as counter (user_id, tier, day, used)
    values (v_quota.user_id, v_quota.tier, v_quota.quota_day, greatest(v_quota.change, 0))
    on conflict (user_id, tier, day) do update set used = greatest(counter.used + v_quota.change, 0);
  end loop;
  -- Last, as in begin_turn.
  for v_quota in
    select tier, quota_day, sum(public.ai_unit_change(delivered, id = any(v_again || v_restored))) as change
    from public.ai_chat_usage where id = any(v_open)
    group by tier, quota_day
    order by tier, quota_day
  loop
    continue when v_quota.change = 0;
    insert into public.ai_capacity_counters as counter (tier, day, used)
    values (v_quota.tier, v_quota.quota_day, greatest(v_quota.change, 0))
    on conflict (tier, day) do update set used = greatest(counter.used + v_quota.change, 0);
  end loop;

  return jsonb_build_object('settled', to_jsonb(v_open), 'refused', v_refused);
end;
$$;

-- Grants ------------------------------------------------------------------------------------------
-- Functions are executable by PUBLIC unless that is taken away. begin_turn and settle_turn keep theirs: who may
-- call them is said by ai_apply_turn_access (014).

revoke all on function public.ai_recent_messages(uuid, jsonb, integer) from public, anon, authenticated, service_role;
revoke all on function public.ai_characters(jsonb) from public, anon, authenticated, service_role;
revoke all on function public.ai_is_full(jsonb, integer, bigint) from public, anon, authenticated, service_role;
revoke all on function public.ai_pack_session(uuid) from public, anon, authenticated, service_role;
revoke all on function public.ai_drop_oldest(uuid, bigint, bigint) from public, anon, authenticated, service_role;
revoke all on function public.ai_trim_sessions(uuid[]) from public, anon, authenticated, service_role;
revoke all on function public.ai_count_for_user(uuid, text, date, integer) from public, anon, authenticated, service_role;
revoke all on function public.ai_count_for_company(text, date, integer) from public, anon, authenticated, service_role;
revoke all on function public.ai_turn_context(uuid, uuid) from public, anon, authenticated, service_role;
revoke all on function public.ai_limit_begin(jsonb, text) from public, anon, authenticated, service_role;
revoke all on function public.ai_assert_in_time(jsonb) from public, anon, authenticated, service_role;
revoke all on function public.ai_limit_user(uuid, text, date) from public, anon, authenticated, service_role;
revoke all on function public.ai_is_mode_too_many(uuid, text, date) from public, anon, authenticated, service_role;
revoke all on function public.ai_restore_begins(jsonb) from public, anon, authenticated, service_role;
revoke all on function public.ai_unit_change(boolean, boolean) from public, anon, authenticated, service_role;
revoke all on function public.ai_known_turns(jsonb) from public, anon, authenticated, service_role;

-- Which version a database has --------------------------------------------------------------------

create or replace function public.sarmalink_schema_version() returns integer
language sql immutable set search_path = '' as $$ select 16 $$;

notify pgrst, 'reload schema';
