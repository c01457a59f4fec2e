-- The operator's view: what attempts used, figures by the hour and the day, the questions of an operator, retention.

-- What a turn used --------------------------------------------------------------------------------

-- Null in turns of before 019, and in those of older gateways.
alter table public.ai_chat_usage
  -- The declared path of the route that was called.
  add column if not exists route text,
  -- Tokens of the answer that the client got.
  add column if not exists served_tokens bigint,
  -- Tokens, prompts and answers, of the attempts that are billed.
  add column if not exists billable_tokens bigint;

-- Milliseconds from the call of an engine to its first content. What else an attempt used is in its turn's row
-- only (ai_chat_usage.attempts), so that it is written once.
alter table public.ai_events add column if not exists first_token_ms integer;

-- A new column is null in all rows, so these need no look at them: 006 says what such bounds are for.
alter table public.ai_chat_usage drop constraint if exists ai_chat_usage_served_bounds;
alter table public.ai_chat_usage add constraint ai_chat_usage_served_bounds check (
  char_length(route) between 1 and 200 and served_tokens between 0 and 1000000000
  and billable_tokens between 0 and 1000000000000
) not valid;
alter table public.ai_events drop constraint if exists ai_events_first_token_bounds;
alter table public.ai_events add constraint ai_events_first_token_bounds check (first_token_ms >= 0) not valid;

grant select (route, served_tokens, billable_tokens) on table public.ai_chat_usage to authenticated, service_role;

-- The writers of turns ----------------------------------------------------------------------------
-- A turn may come with route, served_tokens and billable_tokens; each of its attempts with started_ms (after the
-- turn's begin) and first_token_ms and, if its usage is known, with prompt_tokens, cached_tokens,
-- cache_write_tokens, completion_tokens, reasoning_tokens, usage_source, billed, cost_usd, list_usd and
-- cached_savings_usd. Gateways of before 019 send none of them, and a newer gateway may run on older functions,
-- which do not read them.

-- What else is to be done about turns that were stored just now, all of them. Last in every transaction.
create or replace function public.ai_after_settle(p_ids uuid[]) returns void
language plpgsql volatile security definer set search_path = '' as $$
begin
  perform public.ai_count_spend(p_ids);
end;
$$;

revoke all on function public.ai_after_settle(uuid[]) from public, anon, authenticated, service_role;

-- As in 016, and what they used.
--
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
      route = coalesce(given.route, turn.route),
      served_tokens = given.served_tokens,
      billable_tokens = given.billable_tokens,
      attempts = case when v_keeps_attempts then public.ai_bounded_attempts(given.attempts) else '[]' end,
      -- Only the service role can tell which key it was.
      key_id = case when v_recorder = 'service' then given.key_id else turn.key_id end,
      -- Begun by one and settled by another, it is the weaker word that counts.
      recorded_by = case when v_recorder = 'user' then 'user' else turn.recorded_by end,
      settled_at = now()
    from jsonb_to_recordset(v_turns) as given (
      id uuid, key_id uuid, status text, delivered boolean, model text, backend text, prompt_tokens bigint,
      completion_tokens bigint, cached_tokens bigint, cost_usd numeric, usage_source text, route text,
      served_tokens bigint, billable_tokens bigint, attempts jsonb
    )
    where turn.id = given.id and turn.id = any(v_open)
    returning turn.id, turn.user_id, turn.attempts
  )
  insert into public.ai_events
    (request_id, user_id, event_type, model_id, backend, key_index, status, latency_ms, first_token_ms, tokens_out, meta)
  select settled.id, settled.user_id, 'attempt', a.model_id, a.backend, a.key_index, a.status,
         -- NaN is larger than every number: it becomes the largest.
         least(greatest(round(a.latency_ms), 0), 2147483647)::integer,
         case when a.first_token_ms is not null then least(greatest(round(a.first_token_ms), 0), 2147483647)::integer end,
         a.tokens_out, coalesce(a.meta, '{}'::jsonb)
  from settled
  cross join lateral jsonb_to_recordset(settled.attempts) as a (
    model_id text, backend text, key_index integer, status text, latency_ms numeric, first_token_ms numeric,
    tokens_out integer, meta jsonb
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

-- As in 013, with ai_after_settle.
create or replace function public.settle_turn(p_turn jsonb) returns boolean
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_turn jsonb := p_turn;
  v_result jsonb;
  v_settled uuid[];
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
  v_settled := array(select value::uuid from jsonb_array_elements_text(v_result -> 'settled'));
  perform public.ai_log_tool_calls(jsonb_build_array(v_turn), v_settled);
  perform public.ai_after_settle(v_settled);
  return v_result -> 'settled' <> '[]'::jsonb;
end;
$$;

-- As in 013, and what they used, with ai_after_settle.
create or replace function public.ai_store_batch(p_turns jsonb) returns jsonb
language plpgsql volatile security definer set search_path = '' set plan_cache_mode = force_generic_plan as $$
declare
  v_turns jsonb := p_turns;
  v_native jsonb;
  v_settled uuid[] := '{}';
  v_refused jsonb := '[]'::jsonb;
  v_ids uuid[];
begin
  if jsonb_path_exists(p_turns, '$[*].settle_secret') then
    select coalesce(jsonb_agg(turn order by place) filter (where turn ? 'settle_secret'), '[]'),
           coalesce(jsonb_agg(turn order by place) filter (where not turn ? 'settle_secret'), '[]')
      into v_native, v_turns
      from jsonb_array_elements(p_turns) with ordinality as given (turn, place);
    v_native := public.ai_settle_turns(v_native);
    v_settled := array(select value::uuid from jsonb_array_elements_text(v_native -> 'settled'));
    v_refused := v_native -> 'refused';
    perform public.ai_log_tool_calls(p_turns, v_settled);
  end if;

  with turns as (
    -- The same turn twice in a batch: what was seen to end knows more than what was only found started.
    select distinct on (given.id) given.*, to_timestamp(given.started_at / 1000.0) as begun_at
    from jsonb_to_recordset(v_turns) as given (
      id uuid, user_id uuid, key_id uuid, tier text, started_at numeric, status text, delivered boolean,
      model text, backend text, prompt_tokens bigint, completion_tokens bigint, cached_tokens bigint,
      cost_usd numeric, usage_source text, route text, served_tokens bigint, billable_tokens bigint,
      attempts jsonb
    )
    -- Rows are locked in the order of ids, so that two batches cannot deadlock.
    order by given.id, given.status = 'interrupted'
  ), stored as (
    insert into public.ai_chat_usage (
      id, user_id, key_id, tier, quota_day, model, backend, prompt_tokens, completion_tokens, cached_tokens,
      cost_usd, status, usage_source, route, served_tokens, billable_tokens, delivered, attempts, recorded_by,
      settle_hash, created_at, settled_at
    )
    select
      id, user_id, key_id, tier, (begun_at at time zone 'UTC')::date, model, backend, prompt_tokens,
      completion_tokens, cached_tokens, cost_usd,
      -- What comes this way has ended: nobody would ever settle it.
      nullif(status, 'started'),
      usage_source, route, served_tokens, billable_tokens, delivered, public.ai_bounded_attempts(attempts),
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
      route = excluded.route, served_tokens = excluded.served_tokens, billable_tokens = excluded.billable_tokens,
      delivered = excluded.delivered, attempts = excluded.attempts, recorded_by = excluded.recorded_by,
      settled_at = excluded.settled_at
      -- A turn of native chat, which has a session, is settled with its secret only.
      where ai_chat_usage.status = 'interrupted' and excluded.status <> 'interrupted'
        and ai_chat_usage.session_id is null
    returning id, user_id, created_at, attempts
  ), events as (
    insert into public.ai_events
      (request_id, user_id, event_type, model_id, backend, key_index, status, latency_ms, first_token_ms, tokens_out, meta, created_at)
    select stored.id, stored.user_id, 'attempt', a.model_id, a.backend, a.key_index, a.status,
           least(greatest(round(a.latency_ms), 0), 2147483647)::integer,
           case when a.first_token_ms is not null then least(greatest(round(a.first_token_ms), 0), 2147483647)::integer end,
           a.tokens_out,
           coalesce(a.meta, '{}'::jsonb), stored.created_at
    from stored
    cross join lateral jsonb_to_recordset(stored.attempts) as a (
      model_id text, backend text, key_index integer, status text, latency_ms numeric, first_token_ms numeric,
      tokens_out integer, meta jsonb
    )
  )
  select coalesce(array_agg(id), '{}') into v_ids from stored;

  v_ids := v_settled || v_ids;
  if v_ids <> '{}' then
    perform public.ai_after_settle(v_ids);
  end if;
  return jsonb_build_object('stored', cardinality(v_ids), 'refused', v_refused);
end;
$$;

-- Which version a database has --------------------------------------------------------------------

create or replace function public.sarmalink_schema_version() returns integer
language sql immutable set search_path = '' as $$ select 19 $$;

revoke all on function public.sarmalink_schema_version() from public, anon, authenticated, service_role;
grant execute on function public.sarmalink_schema_version() to authenticated, service_role;

notify pgrst, 'reload schema';
