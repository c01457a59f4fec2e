-- Turns of processes that died with their disk are settled by lease.
--
-- UPGRADING. Apply this file before or after the new gateway starts. A gateway of before 022 does not say which
-- process holds a turn: what it leaves is settled an hour after its begin. A gateway of 022 on a database without
-- this file logs once that nobody settles what other processes leave.

-- Which process holds a turn ----------------------------------------------------------------------

-- A row of ai_instances, if the process has one (021). Null in turns of before 022, in those of the
-- OpenAI-compatible routes, which are stored when they have ended, and in those of older gateways.
alter table public.ai_chat_usage add column if not exists instance_id uuid;

grant select (instance_id) on table public.ai_chat_usage to service_role;

-- Beginning a turn --------------------------------------------------------------------------------

-- As in 016, with the process that holds the turn and the route that was called.
--
-- Opens a turn's ledger row, finds or makes its session and counts the turn, as 001, 010 and 014 say.
--
-- p_turn: {request_id, settle_hash, mode, tier, daily_limit, daily_capacity, session_id, title, user_id,
-- by_last_mode, timeout_ms, instance_id, route}. `mode` is what the turn is for, `tier` what it counts in: a mode
-- without engines borrows those of another one. `daily_capacity` is the company's limit. `by_last_mode` has for some
-- modes that the session's turn before may have had {tier, daily_limit, daily_capacity}: those replace mode, tier and
-- limits if it had that mode. `instance_id` is the process that holds the turn, see settle_orphans.
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
    id, user_id, session_id, session_created, tier, quota_day, settle_hash, recorded_by, instance_id, route
  )
  values (
    v_request, v_user, v_session, v_created, v_tier, v_day, v_hash, v_recorder,
    (v_turn ->> 'instance_id')::uuid, v_turn ->> 'route'
  )
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

-- Orphans -----------------------------------------------------------------------------------------

-- Settles turns that nobody will end, as `interrupted`, and gives their units back: those that are `started` while
--  - the process that holds them was not seen for 60 seconds (ai_instances.seen_at), or
--  - it has no row in ai_instances (Vercel, a gateway of before 022, shared state switched off), an hour after their
--    begin: as ai_trim_sessions says, a turn that began longer ago is not under way.
-- A process that is seen keeps its turns, however long they take. A turn whose process is alive after all is replaced
-- by its real end, once, as ai_settle_turns says.
--
-- Settles at most p_limit turns, of which it takes 1,000, oldest first, and none that somebody else is settling, or
-- whose session is being written to: the next call finds those. One call at a time over all instances: a second one
-- does nothing.
--
-- Returns {settled, more}: how many were settled, and whether there may be others. Locks in the order of
-- ai_settle_turns, and waits for no session and no turn.
create or replace function public.settle_orphans(p_limit integer default 200) returns jsonb
language plpgsql volatile security definer set search_path = '' set plan_cache_mode = force_generic_plan as $$
declare
  v_limit constant integer := least(greatest(coalesce(p_limit, 200), 0), 1000);
  v_found uuid[];
  v_sessions uuid[];
  v_orphans uuid[];
  v_quota record;
begin
  if v_limit = 0 or not pg_try_advisory_xact_lock(hashtextextended('settle_orphans', 0)) then
    return '{"settled": 0, "more": false}';
  end if;
  v_found := array(
    select turn.id
    from public.ai_chat_usage turn
    left join public.ai_instances instance on instance.id = turn.instance_id
    where turn.status = 'started' and case
        when instance.id is null then turn.created_at < now() - interval '1 hour'
        else instance.seen_at < now() - interval '60 seconds'
      end
    order by turn.created_at
    limit v_limit
  );
  if v_found = '{}' then
    return '{"settled": 0, "more": false}';
  end if;

  v_sessions := array(
    select id from public.ai_chat_sessions
    where id = any(array(select session_id from public.ai_chat_usage where id = any(v_found)))
    order by id for update skip locked
  );
  v_orphans := array(
    select turn.id from public.ai_chat_usage turn
    where turn.id = any(v_found) and turn.status = 'started' and (
      turn.session_id is null or turn.session_id = any(v_sessions)
      or not exists (select 1 from public.ai_chat_sessions where id = turn.session_id)
    )
    order by turn.id for update skip locked
  );
  if v_orphans = '{}' then
    return '{"settled": 0, "more": false}';
  end if;

  -- As the journal of a process that died says it.
  update public.ai_chat_usage
    set status = 'interrupted', delivered = false, usage_source = 'estimated', attempts = '[]', settled_at = now()
    where id = any(v_orphans);

  -- A conversation in which nothing was ever said, and nothing is being said now.
  delete from public.ai_chat_sessions as session using public.ai_chat_usage turn
    where turn.id = any(v_orphans) and turn.session_created
      and session.id = turn.session_id and session.user_id = turn.user_id
      and session.messages = '[]'::jsonb and session.part_messages = 0
      and not exists (
        select 1 from public.ai_chat_usage other
        where other.session_id = session.id and other.user_id = session.user_id and other.status = 'started'
      );
  perform public.ai_trim_sessions(
    array(select distinct user_id from public.ai_chat_usage where id = any(v_orphans) and user_id is not null)
  );

  for v_quota in
    select user_id, tier, quota_day, count(*)::integer as units
    from public.ai_chat_usage where id = any(v_orphans) and user_id is not null
    group by user_id, tier, quota_day
    order by user_id, tier, quota_day
  loop
    update public.ai_quota_counters set used = greatest(used - v_quota.units, 0)
      where user_id = v_quota.user_id and tier = v_quota.tier and day = v_quota.quota_day;
  end loop;
  for v_quota in
    select tier, quota_day, count(*)::integer as units
    from public.ai_chat_usage where id = any(v_orphans)
    group by tier, quota_day
    order by tier, quota_day
  loop
    update public.ai_capacity_counters set used = greatest(used - v_quota.units, 0)
      where tier = v_quota.tier and day = v_quota.quota_day;
  end loop;

  perform public.ai_after_settle(v_orphans);
  return jsonb_build_object('settled', cardinality(v_orphans), 'more', cardinality(v_found) = v_limit);
end;
$$;

-- Grants ------------------------------------------------------------------------------------------
-- Functions are executable by PUBLIC unless that is taken away. begin_turn keeps its grants: who may call it is said
-- by ai_apply_turn_access (014).

revoke all on function public.settle_orphans(integer) from public, anon, authenticated, service_role;
grant execute on function public.settle_orphans(integer) to service_role;

-- Which version a database has --------------------------------------------------------------------

create or replace function public.sarmalink_schema_version() returns integer
language sql immutable set search_path = '' as $$ select 22 $$;

revoke all on function public.sarmalink_schema_version() from public, anon, authenticated, service_role;
grant execute on function public.sarmalink_schema_version() to authenticated, service_role;

notify pgrst, 'reload schema';
