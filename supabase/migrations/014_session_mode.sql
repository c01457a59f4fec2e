-- The mode of a conversation: begin_turn keeps it where the message does not need another one, and counts the
-- turn in the mode that applies, in the one call that a turn makes before its answer. With settle_secret it moves a
-- turn to another mode, for a gateway that lets a model find the mode where it is unsure itself.
--
-- UPGRADING. Apply this file before or after the new gateway starts. A gateway of before 014 calls begin_turn
-- with its seven parameters, which stays. A gateway of 014 on a database without this file does so, too, and
-- keeps no modes until the file is applied.

-- The mode that the newest turn was for. Null in conversations from before 014.
alter table public.ai_chat_sessions add column if not exists last_mode text;

-- As the tier of a turn, see 006.
alter table public.ai_chat_sessions drop constraint if exists ai_chat_sessions_last_mode_form;
alter table public.ai_chat_sessions
  add constraint ai_chat_sessions_last_mode_form check (last_mode ~ '^[A-Za-z0-9][A-Za-z0-9._:/-]{0,63}$');

-- Opens a turn's ledger row, finds or makes its session and counts the turn, as 001 and 010 say.
--
-- p_turn: {request_id, settle_hash, mode, tier, daily_limit, session_id, title, user_id, by_last_mode}. `mode`
-- is what the turn is for, `tier` what it counts in: a mode without engines borrows those of another one.
-- `by_last_mode` has for some modes that the session's turn before may have had {tier, daily_limit}: those
-- replace mode, tier and limit if it had that mode.
--
-- Returns {session_id, session_created, messages, used_today, last_mode}; `last_mode` is the key of
-- `by_last_mode` that applied, null if none did. PT429 names the tier whose limit is reached as its detail.
-- Idempotent by request id.
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
  v_by_last_mode jsonb := v_turn -> 'by_last_mode';
  v_known boolean := v_created;
  v_messages jsonb := '[]'::jsonb;
  v_last_mode text;
  v_kept text;
  v_used integer;
  v_existing public.ai_chat_usage;
begin
  if v_turn ? 'settle_secret' then
    return public.ai_move_turn(v_turn);
  end if;
  v_user := public.ai_turn_owner((v_turn ->> 'user_id')::uuid);
  if v_recorder = 'user' then
    -- Many begins at once would each count what the others have not committed.
    perform pg_advisory_xact_lock(hashtextextended('ai_chat_usage:' || v_user::text, 0));
  end if;

  if not v_created then
    select public.ai_newest_messages(messages), last_mode into v_messages, v_last_mode
      from public.ai_chat_sessions where id = v_session and user_id = v_user;
    v_known := found;
    if v_by_last_mode ? v_last_mode then
      v_kept := v_last_mode;
      v_tier := v_by_last_mode -> v_kept ->> 'tier';
      v_mode := v_tier;
      v_limit := (v_by_last_mode -> v_kept ->> 'daily_limit')::integer;
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
    select public.ai_newest_messages(messages) into v_messages from public.ai_chat_sessions
      where id = v_existing.session_id and user_id = v_user;
    return jsonb_build_object(
      'session_id', v_existing.session_id,
      'session_created', v_existing.session_created,
      'messages', coalesce(v_messages, '[]'::jsonb),
      'used_today', v_existing.used_at_begin,
      -- By now the session's last mode is this turn's own.
      'last_mode', case when v_by_last_mode -> v_existing.tier ->> 'tier' = v_existing.tier then v_existing.tier end
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
        select 1 from public.ai_quota_counters where user_id = v_user and tier = v_tier and day = v_day
      )
      and (select count(*) from public.ai_quota_counters where user_id = v_user and day = v_day) >= 32
    )
  ) then
    raise exception 'too many turns in a day' using errcode = 'PT429', detail = v_tier;
  end if;

  if not v_known then
    raise exception 'no such session' using errcode = 'PT404';
  end if;
  if v_created then
    insert into public.ai_chat_sessions (user_id, title, last_mode)
    values (v_user, coalesce(nullif(left(btrim(v_turn ->> 'title'), 200), ''), 'New chat'), v_mode)
    returning id into v_session;
  elsif v_last_mode is distinct from v_mode then
    -- Before the counter: sessions are locked first, as everywhere.
    update public.ai_chat_sessions set last_mode = v_mode where id = v_session and user_id = v_user;
  end if;

  -- Last, because this row is the one that all turns of a user in a mode wait for.
  -- No limit at all means none was decided: refused, like zero.
  if v_limit > 0 then
    insert into public.ai_quota_counters as counter (user_id, tier, day, used)
    values (v_user, v_tier, v_day, 1)
    on conflict (user_id, tier, day) do update set used = counter.used + 1
      where counter.used < v_limit
    returning used into v_used;
  end if;
  if v_used is null then
    raise exception 'daily quota used up' using errcode = 'PT429', detail = v_tier;
  end if;

  update public.ai_chat_usage set session_id = v_session, used_at_begin = v_used where id = v_request;

  return jsonb_build_object(
    'session_id', v_session,
    'session_created', v_created,
    'messages', v_messages,
    'used_today', v_used,
    'last_mode', v_kept
  );
end;
$$;

-- Moves a turn that has begun, and is still without an answer, to another mode: its quota unit, its row and its
-- session's mode. p_turn: {request_id, settle_secret, tier, daily_limit}. As in settle_turn the secret is the
-- credential, and whoever is signed in can move their own turns only.
--
-- Returns {used_today} of the new mode. PT404: no such turn, or it has ended. PT403: wrong secret. PT429: the
-- limit of the new mode is reached; then the turn stays as it is. Harmless when repeated.
create or replace function public.ai_move_turn(p_turn jsonb) returns jsonb
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_request uuid := (p_turn ->> 'request_id')::uuid;
  v_tier text := p_turn ->> 'tier';
  v_limit integer := (p_turn ->> 'daily_limit')::integer;
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

  -- Sessions, rows, counters: in this order everywhere, and each in the order of their keys.
  perform 1 from public.ai_chat_sessions where id = v_known.session_id and user_id = v_known.user_id for update;
  select * into v_known from public.ai_chat_usage where id = v_request and status = 'started' for update;
  if not found then
    raise exception 'no such turn' using errcode = 'PT404';
  end if;
  if v_known.tier = v_tier then
    return jsonb_build_object('used_today', v_known.used_at_begin);
  end if;
  perform 1 from public.ai_quota_counters
    where user_id = v_known.user_id and tier in (v_known.tier, v_tier) and day = v_known.quota_day
    order by user_id, tier, day for update;
  if public.ai_turn_recorder() = 'user'
    and not exists (
      select 1 from public.ai_quota_counters
      where user_id = v_known.user_id and tier = v_tier and day = v_known.quota_day
    )
    and (
      select count(*) from public.ai_quota_counters where user_id = v_known.user_id and day = v_known.quota_day
    ) >= 32
  then
    raise exception 'too many modes in a day' using errcode = 'PT429', detail = v_tier;
  end if;
  if v_limit > 0 then
    insert into public.ai_quota_counters as counter (user_id, tier, day, used)
    values (v_known.user_id, v_tier, v_known.quota_day, 1)
    on conflict (user_id, tier, day) do update set used = counter.used + 1
      where counter.used < v_limit
    returning used into v_used;
  end if;
  if v_used is null then
    raise exception 'daily quota used up' using errcode = 'PT429', detail = v_tier;
  end if;
  update public.ai_quota_counters set used = greatest(used - 1, 0)
    where user_id = v_known.user_id and tier = v_known.tier and day = v_known.quota_day;
  update public.ai_chat_usage set tier = v_tier, used_at_begin = v_used where id = v_request;
  update public.ai_chat_sessions set last_mode = v_tier
    where id = v_known.session_id and user_id = v_known.user_id;
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
  )) - 'last_mode';
$$;

-- Grants ------------------------------------------------------------------------------------------
-- Functions are executable by PUBLIC unless that is taken away. Of ai_chat_sessions a user may still write the
-- title only: 001 grants by column.

revoke all on function public.begin_turn(jsonb) from public, anon, authenticated, service_role;
-- Called by begin_turn alone.
revoke all on function public.ai_move_turn(jsonb) from public, anon, authenticated, service_role;
grant execute on function public.begin_turn(jsonb) to service_role;

-- As in 012, of both forms of begin_turn.
create or replace function public.ai_apply_turn_access() returns void
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_writers constant text[] := array[
    'public.begin_turn(uuid, text, text, integer, uuid, text, uuid)', 'public.begin_turn(jsonb)',
    'public.settle_turn(jsonb)'
  ];
  v_writer text;
  -- Who may call it: settling needs the turn's secret, not a session.
  v_role text;
  v_may boolean;
begin
  -- Postgres fails the second of two changes of one function's grants that happen at once.
  perform pg_advisory_xact_lock(hashtextextended('ai_turn_access', 0));
  v_may := not exists (select 1 from public.ai_turn_access where not users_may_call);
  foreach v_writer in array v_writers loop
    foreach v_role in array array['anon', 'authenticated'] loop
      continue when v_may and v_role = 'anon' and v_writer <> 'public.settle_turn(jsonb)';
      continue when has_function_privilege(v_role, v_writer, 'execute') = v_may;
      if v_may then
        execute format('grant execute on function %s to %I', v_writer, v_role);
      else
        execute format('revoke execute on function %s from public, %I', v_writer, v_role);
      end if;
    end loop;
  end loop;
end;
$$;

revoke all on function public.ai_apply_turn_access() from public, anon, authenticated, service_role;

-- Gives them to users, unless they may not write turns.
select public.ai_apply_turn_access();

-- Which version a database has --------------------------------------------------------------------

create or replace function public.sarmalink_schema_version() returns integer
language sql immutable set search_path = '' as $$ select 14 $$;

revoke all on function public.sarmalink_schema_version() from public, anon, authenticated, service_role;
grant execute on function public.sarmalink_schema_version() to authenticated, service_role;

notify pgrst, 'reload schema';
