-- Calls of live tools are in the log of events: one row a call, of event_type 'tool', beside those of the attempts.
--
-- A turn of native chat may come with tool_calls, an array of {backend, status, latency_ms, meta}. A gateway of
-- before 013 sends none, and a newer one may run on the functions of 012, which do not read them.

-- Logs the tool calls of those of these turns that are settled now; the first 20 of each. meta holds how a call
-- went, never what was asked.
--
-- A turn that was found interrupted has logged what its journal knew: its real end adds nothing to that.
create or replace function public.ai_log_tool_calls(p_turns jsonb, p_settled uuid[]) returns void
language plpgsql volatile security definer set search_path = '' set plan_cache_mode = force_generic_plan as $$
begin
  -- Most batches have none.
  if p_settled = '{}' or not jsonb_path_exists(p_turns, '$[*].tool_calls[*]') then
    return;
  end if;
  -- A user who has written 30,000 events this UTC day without a gateway writes no more of them, as of attempts.
  if public.ai_turn_recorder() = 'user' and (
    select count(*) from (
      select 1 from public.ai_events
      where user_id = (select user_id from public.ai_chat_usage where id = p_settled[1])
        and created_at >= date_trunc('day', now(), 'UTC')
      limit 30000
    ) as today
  ) >= 30000 then
    return;
  end if;

  insert into public.ai_events (request_id, user_id, event_type, backend, status, latency_ms, meta)
  select turn.id, turn.user_id, 'tool', call.backend, call.status,
         -- NaN is larger than every number: it becomes the largest.
         least(greatest(round(call.latency_ms), 0), 2147483647)::integer, coalesce(call.meta, '{}'::jsonb)
  from (
    -- The same turn twice in a batch: what was seen to end knows more than what was only found started.
    select distinct on (id) id, tool_calls
    from jsonb_to_recordset(p_turns) as sent (id uuid, status text, tool_calls jsonb)
    where id = any(p_settled)
    order by id, status = 'interrupted'
  ) as given
  join public.ai_chat_usage turn on turn.id = given.id
  cross join lateral jsonb_to_recordset(
    jsonb_path_query_array(coalesce(given.tool_calls, '[]'::jsonb), '$[0 to 19]')
  ) as call (backend text, status text, latency_ms numeric, meta jsonb)
  where not exists (
    select 1 from public.ai_events logged where logged.request_id = turn.id and logged.event_type = 'tool'
  );
end;
$$;

revoke all on function public.ai_log_tool_calls(jsonb, uuid[]) from public, anon, authenticated, service_role;

-- As in 012, and tool calls.
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
  perform public.ai_count_spend(v_settled);
  return v_result -> 'settled' <> '[]'::jsonb;
end;
$$;

-- As in 012, and tool calls.
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
    perform public.ai_log_tool_calls(p_turns, v_settled);
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

create or replace function public.sarmalink_schema_version() returns integer
language sql immutable set search_path = '' as $$ select 13 $$;

notify pgrst, 'reload schema';
