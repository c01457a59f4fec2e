-- One ledger for all turns: native turns and turns of the OpenAI-compatible routes are stored by one call, in
-- batches, and a turn's attempts are stored in its row.
--
-- UPGRADING. Start the new gateway first, then apply this file: until then the new gateway keeps the turns that
-- have ended and tries again. settle_turn with its fifteen parameters and settle_key_turn are dropped here, so
-- a gateway of before 012 that still runs can begin native turns and cannot end them. Its turns of the
-- OpenAI-compatible routes are still stored: record_turns stays for it.

-- Attempts ----------------------------------------------------------------------------------------

-- The upstream calls of the turn, in order: what ai_events has of it, one row an attempt. Null in a turn that
-- has not ended, and in turns of before 012.
alter table public.ai_chat_usage add column if not exists attempts jsonb;

-- Nothing but attempts fits: one of them takes at most 8,000 bytes (its note 4,096, see 006).
alter table public.ai_chat_usage drop constraint if exists ai_chat_usage_attempts_bounds;
alter table public.ai_chat_usage add constraint ai_chat_usage_attempts_bounds check (
  case when jsonb_typeof(attempts) = 'array' then
    jsonb_array_length(attempts) <= 100 and octet_length(attempts::text) <= 100 + 8000 * jsonb_array_length(attempts)
  else attempts is null end
);

grant select (attempts) on table public.ai_chat_usage to authenticated, service_role;

-- Turns of native chat ----------------------------------------------------------------------------

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
-- Every transaction locks sessions first, then ledger rows, then quota counters, each in the order of their
-- keys: neither two batches nor a batch and begin_turn can deadlock.
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
  v_quota record;
begin
  -- The same turn twice in a batch: what was seen to end knows more than what was only found started.
  select jsonb_agg(turn order by place) into v_turns from (
    select distinct on (turn ->> 'id') turn, place
    from jsonb_array_elements(p_turns) with ordinality as given (turn, place)
    order by turn ->> 'id', turn ->> 'status' = 'interrupted', place
  ) as once;

  -- Before anything is locked. Digests of a 256-bit secret: the time of the comparison tells nothing that
  -- helps to find it.
  select
    coalesce(array_agg(id) filter (where code is null), '{}'),
    coalesce(jsonb_agg(jsonb_build_object('id', id, 'code', code, 'reason', case code
      when 'PT404' then 'no such turn' when 'PT403' then 'wrong settle secret' end)) filter (where code is not null), '[]')
  into v_ids, v_refused
  from (
    select given.id, case
        when turn.id is null or turn.user_id <> coalesce(given.user_id, turn.user_id)
          or turn.user_id <> coalesce(auth.uid(), turn.user_id) then 'PT404'
        when sha256(convert_to(coalesce(given.settle_secret, ''), 'UTF8')) <> turn.settle_hash then 'PT403'
      end as code
    from jsonb_to_recordset(v_turns) as given (id uuid, user_id uuid, settle_secret text)
    -- One look-up a turn: a join of unknown size would read the whole ledger.
    left join lateral (
      select id, user_id, settle_hash from public.ai_chat_usage where id = given.id limit 1
    ) as turn on true
  ) as known;

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
  )
  update public.ai_chat_sessions as session
  set messages = public.ai_bounded_messages(session.messages || said.messages)
  from said where session.id = said.session_id and session.user_id = said.user_id;

  -- A conversation in which nothing was ever said, and nothing is being said now.
  delete from public.ai_chat_sessions as session using public.ai_chat_usage turn
    where turn.id = any(v_open) and not turn.delivered and turn.session_created
      and session.id = turn.session_id and session.user_id = turn.user_id and session.messages = '[]'::jsonb
      and not exists (
        select 1 from public.ai_chat_usage other
        where other.session_id = session.id and other.user_id = session.user_id and other.status = 'started'
      );

  -- What delivered nothing gives its unit back; what seemed to have, and did deliver, takes it again.
  for v_quota in
    select user_id, tier, quota_day,
           sum(case when delivered and id = any(v_again) then 1 when delivered or id = any(v_again) then 0 else -1 end)
             as change
    from public.ai_chat_usage where id = any(v_open)
    group by user_id, tier, quota_day
    order by user_id, tier, quota_day
  loop
    continue when v_quota.change = 0;
    update public.ai_quota_counters set used = greatest(used + v_quota.change, 0)
      where user_id = v_quota.user_id and tier = v_quota.tier and day = v_quota.quota_day;
  end loop;

  return jsonb_build_object('settled', to_jsonb(v_open), 'refused', v_refused);
end;
$$;

-- Counts what these turns cost against their keys' months, in the order of keys. Last in every transaction.
create or replace function public.ai_count_spend(p_ids uuid[]) returns void
language plpgsql volatile security definer set search_path = '' set plan_cache_mode = force_generic_plan as $$
begin
  insert into public.gateway_key_spend as spend (key_id, month, usd)
  select turn.key_id, date_trunc('month', turn.created_at at time zone 'UTC')::date as month,
         least(sum(turn.cost_usd), 1000000000000)
  from public.ai_chat_usage turn
  where turn.id = any(p_ids) and turn.cost_usd > 0
    and exists (select 1 from public.gateway_keys where id = turn.key_id)
  group by turn.key_id, month
  order by turn.key_id, month
  on conflict (key_id, month) do update set usd = least(spend.usd + excluded.usd, 1000000000000);
end;
$$;

-- Closes one turn of native chat, with its secret as the only credential: for a gateway without the service
-- role. p_turn: an object as settle_turns takes it. Returns true when this call settled the turn, false when it
-- was settled before. PT404: no such turn. PT403: wrong secret.
create or replace function public.settle_turn(p_turn jsonb) returns boolean
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_turn jsonb := p_turn;
  v_result jsonb;
begin
  -- PostgREST hands a JSON object over as one; @supabase/lite may as a string that holds one.
  if jsonb_typeof(v_turn) = 'string' then
    v_turn := (v_turn #>> '{}')::jsonb;
  end if;
  if jsonb_typeof(v_turn) is distinct from 'object' then
    raise exception 'a turn is an object' using errcode = '22023';
  end if;
  v_result := public.ai_settle_turns(jsonb_build_array(v_turn));
  if v_result -> 'refused' <> '[]'::jsonb then
    if v_result #>> '{refused,0,code}' = 'PT403' then
      raise exception 'wrong settle secret' using errcode = 'PT403';
    end if;
    raise exception 'no such turn' using errcode = 'PT404';
  end if;
  perform public.ai_count_spend(array(select value::uuid from jsonb_array_elements_text(v_result -> 'settled')));
  return v_result -> 'settled' <> '[]'::jsonb;
end;
$$;

-- Turns in batches --------------------------------------------------------------------------------

-- Stores turns that nobody has stored yet, all or none; those with a settle_secret were begun by begin_turn.
-- Returns {stored, refused}, see settle_turns.
create or replace function public.ai_store_batch(p_turns jsonb) returns jsonb
language plpgsql volatile security definer set search_path = '' set plan_cache_mode = force_generic_plan as $$
declare
  v_turns jsonb := p_turns;
  v_native jsonb;
  v_settled uuid[] := '{}';
  v_refused jsonb := '[]'::jsonb;
  v_stored integer;
  v_billed uuid[];
begin
  if jsonb_path_exists(p_turns, '$[*].settle_secret') then
    select coalesce(jsonb_agg(turn order by place) filter (where turn ? 'settle_secret'), '[]'),
           coalesce(jsonb_agg(turn order by place) filter (where not turn ? 'settle_secret'), '[]')
      into v_native, v_turns
      from jsonb_array_elements(p_turns) with ordinality as given (turn, place);
    v_native := public.ai_settle_turns(v_native);
    v_settled := array(select value::uuid from jsonb_array_elements_text(v_native -> 'settled'));
    v_refused := v_native -> 'refused';
  end if;

  with turns as (
    -- The same turn twice in a batch: what was seen to end knows more than what was only found started.
    select distinct on (given.id) given.*, to_timestamp(given.started_at / 1000.0) as begun_at
    from jsonb_to_recordset(v_turns) as given (
      id uuid, user_id uuid, key_id uuid, tier text, started_at numeric, status text, delivered boolean,
      model text, backend text, prompt_tokens bigint, completion_tokens bigint, cached_tokens bigint,
      cost_usd numeric, usage_source text, attempts jsonb
    )
    -- Rows are locked in the order of ids, so that two batches cannot deadlock.
    order by given.id, given.status = 'interrupted'
  ), stored as (
    insert into public.ai_chat_usage (
      id, user_id, key_id, tier, quota_day, model, backend, prompt_tokens, completion_tokens, cached_tokens,
      cost_usd, status, usage_source, delivered, attempts, recorded_by, settle_hash, created_at, settled_at
    )
    select
      id, user_id, key_id, tier, (begun_at at time zone 'UTC')::date, model, backend, prompt_tokens,
      completion_tokens, cached_tokens, cost_usd,
      -- What comes this way has ended: nobody would ever settle it.
      nullif(status, 'started'),
      usage_source, delivered, public.ai_bounded_attempts(attempts),
      -- Only the service role may execute this.
      'service',
      -- The digest of a secret that is forgotten here: settle_turn is not for these turns.
      sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())),
      begun_at, now()
    from turns
    on conflict (id) do update set
      user_id = excluded.user_id, key_id = excluded.key_id, tier = excluded.tier, model = excluded.model,
      backend = excluded.backend, prompt_tokens = excluded.prompt_tokens,
      completion_tokens = excluded.completion_tokens, cached_tokens = excluded.cached_tokens,
      cost_usd = excluded.cost_usd, status = excluded.status, usage_source = excluded.usage_source,
      delivered = excluded.delivered, attempts = excluded.attempts, recorded_by = excluded.recorded_by,
      settled_at = excluded.settled_at
      -- A turn of native chat, which has a session, is settled with its secret only.
      where ai_chat_usage.status = 'interrupted' and excluded.status <> 'interrupted'
        and ai_chat_usage.session_id is null
    returning id, user_id, key_id, cost_usd, created_at, attempts
  ), events as (
    insert into public.ai_events
      (request_id, user_id, event_type, model_id, backend, key_index, status, latency_ms, tokens_out, meta, created_at)
    select stored.id, stored.user_id, 'attempt', a.model_id, a.backend, a.key_index, a.status,
           least(greatest(round(a.latency_ms), 0), 2147483647)::integer, a.tokens_out,
           coalesce(a.meta, '{}'::jsonb), stored.created_at
    from stored
    cross join lateral jsonb_to_recordset(stored.attempts) as a (
      model_id text, backend text, key_index integer, status text, latency_ms numeric, tokens_out integer, meta jsonb
    )
  )
  select count(*), coalesce(array_agg(id) filter (where key_id is not null and cost_usd > 0), '{}')
    into v_stored, v_billed from stored;

  if v_billed <> '{}' or v_settled <> '{}' then
    perform public.ai_count_spend(v_billed || v_settled);
  end if;
  return jsonb_build_object('stored', v_stored + cardinality(v_settled), 'refused', v_refused);
end;
$$;

-- Ends turns of both kinds, in one transaction. p_turns: array of {id, user_id, key_id, tier, started_at (epoch
-- milliseconds), status, delivered, model, backend, prompt_tokens, completion_tokens, cached_tokens, cost_usd,
-- usage_source, attempts}; attempts: array of {model_id, backend, key_index, status, latency_ms, tokens_out,
-- meta}. A turn of native chat, which begin_turn has begun, has its settle_secret too, and user_message and
-- assistant_message. Idempotent by id.
--
-- Returns {stored, refused: [{id, code, reason}]}. A turn that the tables refuse must not cost the others
-- theirs: then each is stored by itself. What is no fault of a turn (a deadlock, a full disk) is raised, and
-- the whole batch may be sent again.
create or replace function public.settle_turns(p_turns jsonb) returns jsonb
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_turns jsonb := coalesce(p_turns, '[]'::jsonb);
  v_turn jsonb;
  v_one jsonb;
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
    return public.ai_store_batch(v_turns);
  exception when data_exception or integrity_constraint_violation then
    null; -- One of them at least: below it is found.
  end;
  for v_turn in select value from jsonb_array_elements(v_turns) loop
    begin
      begin
        v_one := public.ai_store_batch(jsonb_build_array(v_turn));
      exception when foreign_key_violation then
        -- The user, or with them the key, was deleted meanwhile. What was spent is kept, as nobody's.
        v_one := public.ai_store_batch(jsonb_build_array(v_turn || '{"user_id": null}'));
      end;
      v_stored := v_stored + (v_one ->> 'stored')::integer;
      v_refused := v_refused || (v_one -> 'refused');
    exception when data_exception or integrity_constraint_violation then
      v_refused := v_refused || jsonb_build_object(
        'id', case when jsonb_typeof(v_turn) = 'object' then v_turn -> 'id' end, 'code', sqlstate, 'reason', sqlerrm
      );
    end;
  end loop;
  return jsonb_build_object('stored', v_stored, 'refused', v_refused);
end;
$$;

-- For gateways of before 012.
create or replace function public.record_turns(p_turns jsonb) returns jsonb
language sql volatile security definer set search_path = '' as $$
  select public.settle_turns(p_turns);
$$;

-- What is replaced --------------------------------------------------------------------------------

drop function if exists public.settle_key_turn(
  uuid, uuid, text, text, boolean, text, text, bigint, bigint, bigint, numeric, text, text, text, jsonb, uuid
);
drop function if exists public.settle_turn(
  uuid, text, text, boolean, text, text, bigint, bigint, bigint, numeric, text, text, text, jsonb, uuid
);
drop function if exists public.ai_store_turns(jsonb);

-- Grants ------------------------------------------------------------------------------------------
-- Functions are executable by PUBLIC unless that is taken away.

revoke all on function public.ai_settle_turns(jsonb) from public, anon, authenticated, service_role;
revoke all on function public.ai_count_spend(uuid[]) from public, anon, authenticated, service_role;
revoke all on function public.ai_store_batch(jsonb) from public, anon, authenticated, service_role;
revoke all on function public.settle_turns(jsonb) from public, anon, authenticated, service_role;
revoke all on function public.record_turns(jsonb) from public, anon, authenticated, service_role;
revoke all on function public.settle_turn(jsonb) from public, anon, authenticated, service_role;
grant execute on function public.settle_turns(jsonb) to service_role;
grant execute on function public.record_turns(jsonb) to service_role;
grant execute on function public.settle_turn(jsonb) to service_role;

-- As in 011, of the new settle_turn.
create or replace function public.ai_apply_turn_access() returns void
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_begin constant text := 'public.begin_turn(uuid, text, text, integer, uuid, text, uuid)';
  v_settle constant text := 'public.settle_turn(jsonb)';
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

revoke all on function public.ai_apply_turn_access() from public, anon, authenticated, service_role;

-- Gives settle_turn to users, unless they may not write turns.
select public.ai_apply_turn_access();

-- Which version a database has --------------------------------------------------------------------

create or replace function public.sarmalink_schema_version() returns integer
language sql immutable set search_path = '' as $$ select 12 $$;

revoke all on function public.sarmalink_schema_version() from public, anon, authenticated, service_role;
grant execute on function public.sarmalink_schema_version() to authenticated, service_role;

notify pgrst, 'reload schema';
