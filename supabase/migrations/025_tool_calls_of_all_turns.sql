-- Calls of tools are in the log of events for turns of all routes: so far for those of native chat alone. Agents and
-- responses call tools, too.
--
-- UPGRADING. Apply this file before or after the new gateway starts. Until it is there, the calls of agents and
-- responses are not logged; nothing else depends on it.

-- As in 019, with the calls of tools of all that is stored.
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
  end if;

  with turns as (
    -- The same turn twice in a batch: what was seen to end knows more than what was only found started. No turn began
    -- later than now, whatever the clock of its gateway says: it would be in no figure of today, and in no budget.
    select distinct on (given.id) given.*, least(to_timestamp(given.started_at / 1000.0), now()) as begun_at
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
      where ai_chat_usage.status = 'interrupted' and ai_chat_usage.session_id is null
        -- Found interrupted, it gives way to its real end: also to one by a shutdown, which knows what was called.
        and (excluded.status <> 'interrupted'
          or (ai_chat_usage.cost_usd is null and coalesce(ai_chat_usage.attempts, '[]') = '[]'
            and (excluded.cost_usd is not null or coalesce(excluded.attempts, '[]') <> '[]')))
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
    perform public.ai_log_tool_calls(p_turns, v_ids);
    perform public.ai_after_settle(v_ids);
  end if;
  return jsonb_build_object('stored', cardinality(v_ids), 'refused', v_refused);
end;
$$;

create or replace function public.sarmalink_schema_version() returns integer
language sql immutable set search_path = '' as $$ select 25 $$;

revoke all on function public.sarmalink_schema_version() from public, anon, authenticated, service_role;
grant execute on function public.sarmalink_schema_version() to authenticated, service_role;

notify pgrst, 'reload schema';
