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
    join jsonb_to_recordset(v_turns) as given (id uuid, status text, cost_usd numeric, attempts jsonb)
      on given.id = turn.id
    where turn.id = any(v_ids) and (
      turn.status = 'started'
      -- Found interrupted, it gives way to its real end: also to one by a shutdown, which knows what was called.
      or (turn.status = 'interrupted' and not turn.delivered and (
        given.status <> 'interrupted'
        or (turn.cost_usd is null and coalesce(turn.attempts, '[]') = '[]'
            and (given.cost_usd is not null or coalesce(given.attempts, '[]') not in ('[]', 'null')))
      ))
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
    returning turn.id, turn.user_id, turn.created_at, turn.attempts
  )
  insert into public.ai_events
    (request_id, user_id, event_type, model_id, backend, key_index, status, latency_ms, first_token_ms, tokens_out, meta, created_at)
  select settled.id, settled.user_id, 'attempt', a.model_id, a.backend, a.key_index, a.status,
         -- NaN is larger than every number: it becomes the largest.
         least(greatest(round(a.latency_ms), 0), 2147483647)::integer,
         case when a.first_token_ms is not null then least(greatest(round(a.first_token_ms), 0), 2147483647)::integer end,
         a.tokens_out, coalesce(a.meta, '{}'::jsonb),
         -- However late it is stored: after an outage of the database, or when it was parked. What users write
         -- themselves is counted by the day on which they write it.
         case when v_recorder = 'service' then settled.created_at else now() end
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
    perform public.ai_after_settle(v_ids);
  end if;
  return jsonb_build_object('stored', cardinality(v_ids), 'refused', v_refused);
end;
$$;

-- Figures -----------------------------------------------------------------------------------------
-- What the operator's pages sum up, by UTC hour and by UTC day, so that nothing has to read a month of rows.
--
-- Triggers on ai_events and ai_chat_usage append what a statement has added, one row a group (the two tables of
-- notes): no turn waits for another one's row, and rows that are inserted by hand count too. fold_figures adds the
-- notes to the figures; who reads sums both. A row that is deleted (its user, retention) stays in the figures.

-- Rows that the triggers have seen from the first. Null: from before 019, see ai_note_older.
alter table public.ai_events add column if not exists in_figures boolean;
alter table public.ai_events alter column in_figures set default true;
alter table public.ai_chat_usage add column if not exists in_figures boolean;
alter table public.ai_chat_usage alter column in_figures set default true;

create table if not exists public.ai_call_notes (
  hour timestamptz not null,
  event_type text not null,
  provider text not null,
  model text not null,
  outcome text not null,
  calls integer not null,
  -- Milliseconds, one a call that has them.
  latencies integer[] not null,
  first_tokens integer[] not null
);

create table if not exists public.ai_call_figures (
  grain text not null check (grain in ('hour', 'day')),
  start timestamptz not null,
  event_type text not null,
  provider text not null,
  model text not null,
  outcome text not null,
  calls bigint not null,
  -- See ai_latency_bucket.
  latencies bigint[] not null,
  first_tokens bigint[] not null,
  primary key (grain, start, event_type, provider, model, outcome)
);

-- A turn is in one row (turns = 1), what it used in one a call. All counts may be negative in notes: a turn that
-- was found interrupted and ends after all takes back what was noted of it.
create table if not exists public.ai_usage_notes (
  hour timestamptz not null,
  mode text not null,
  status text not null,
  -- Attempts before the last one. -1: none was made, or they are not in the turn's row.
  depth integer not null,
  provider text not null,
  model text not null,
  billed boolean not null,
  -- The list price is known, and with it what was saved.
  valued boolean not null,
  turns bigint not null,
  calls bigint not null,
  prompt_tokens numeric not null,
  cached_tokens numeric not null,
  cache_write_tokens numeric not null,
  completion_tokens numeric not null,
  reasoning_tokens numeric not null,
  cost_usd numeric not null,
  list_usd numeric not null,
  cached_savings_usd numeric not null,
  unknown_calls bigint not null,
  estimated_calls bigint not null
);

create table if not exists public.ai_usage_figures (
  grain text not null check (grain in ('hour', 'day')),
  start timestamptz not null,
  mode text not null,
  status text not null,
  depth integer not null,
  provider text not null,
  model text not null,
  billed boolean not null,
  valued boolean not null,
  turns bigint not null,
  calls bigint not null,
  prompt_tokens numeric not null,
  cached_tokens numeric not null,
  cache_write_tokens numeric not null,
  completion_tokens numeric not null,
  reasoning_tokens numeric not null,
  cost_usd numeric not null,
  list_usd numeric not null,
  cached_savings_usd numeric not null,
  unknown_calls bigint not null,
  estimated_calls bigint not null,
  primary key (grain, start, mode, status, depth, provider, model, billed, valued)
);

-- One row.
create table if not exists public.ai_figures_state (
  id boolean primary key default true check (id),
  -- Rows from before 019 that are older than this one are not in the figures yet; null: all are.
  events_before timestamptz default 'infinity',
  events_before_id uuid default 'ffffffff-ffff-ffff-ffff-ffffffffffff',
  usage_before timestamptz default 'infinity',
  usage_before_id uuid default 'ffffffff-ffff-ffff-ffff-ffffffffffff',
  -- Retention has taken what is older.
  events_from timestamptz not null default '-infinity',
  usage_from timestamptz not null default '-infinity',
  hours_from timestamptz not null default '-infinity'
);
insert into public.ai_figures_state default values on conflict do nothing;

-- Notes come and go: their dead rows must not be read at each look.
alter table public.ai_call_notes set (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);
alter table public.ai_usage_notes set (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);

alter table public.ai_call_notes enable row level security;
alter table public.ai_call_figures enable row level security;
alter table public.ai_usage_notes enable row level security;
alter table public.ai_usage_figures enable row level security;
alter table public.ai_figures_state enable row level security;
revoke all on table public.ai_call_notes from public, anon, authenticated, service_role;
revoke all on table public.ai_call_figures from public, anon, authenticated, service_role;
revoke all on table public.ai_usage_notes from public, anon, authenticated, service_role;
revoke all on table public.ai_usage_figures from public, anon, authenticated, service_role;
revoke all on table public.ai_figures_state from public, anon, authenticated, service_role;

-- A number of a turn's attempts, which are stored as they were sent: null if it is none, within its bounds if it is.
-- Without a setting of its own, so that Postgres can put it where it is called; so are the next two.
create or replace function public.ai_number(p_value jsonb, p_least numeric, p_most numeric) returns numeric
language sql immutable as $$
  select case when pg_catalog.jsonb_typeof(p_value) = 'number'
    then least(greatest(pg_catalog.round((p_value #>> '{}')::numeric, 12), p_least), p_most) end;
$$;

-- What a turn that has ended is in the figures: a row a call that used something, at least one row.
--
-- Each engine has its own part, as the attempts say. A row without that (inserted by hand, older gateways) is one
-- call of its own model, unless it used nothing. billed, if nobody says so: what costs nothing is free.
create or replace function public.ai_turn_parts(
  p_status text, p_provider text, p_model text, p_attempts jsonb, p_prompt bigint, p_cached bigint,
  p_completion bigint, p_cost numeric, p_source text
) returns table (
  depth integer, provider text, model text, billed boolean, valued boolean, turns bigint, calls bigint,
  prompt_tokens numeric, cached_tokens numeric, cache_write_tokens numeric, completion_tokens numeric,
  reasoning_tokens numeric, cost_usd numeric, list_usd numeric, cached_savings_usd numeric,
  is_unknown boolean, is_estimated boolean
) language sql immutable as $$
  select
    -- What the gateway asked on the side (which mode, what to remember) is no failover.
    coalesce(pg_catalog.jsonb_array_length(
      pg_catalog.jsonb_path_query_array(p_attempts, '$[*] ? (!(@.meta.question == true))')
    ), 0) - 1,
    coalesce(part.provider, ''), coalesce(part.model, ''),
    coalesce(part.billed, part.cost is null or part.cost > 0), part.list is not null,
    case when part.place = 1 then 1 else 0 end::bigint, part.calls::bigint,
    coalesce(part.prompt, 0), coalesce(part.cached, 0), coalesce(part.cache_write, 0), coalesce(part.completion, 0),
    coalesce(part.reasoning, 0), coalesce(part.cost, 0), coalesce(part.list, 0),
    case when part.list is null then 0 else coalesce(part.savings, 0) end,
    part.calls = 1 and part.cost is null, part.calls = 1 and part.source = 'estimated'
  from (
    select pg_catalog.row_number() over () as place, 1 as calls,
      "left"(call.backend, 100) as provider, "left"(call.model_id, 200) as model,
      case call.billed when 'true' then true when 'false' then false end as billed,
      public.ai_number(call.prompt_tokens, 0, 1000000000) as prompt,
      public.ai_number(call.cached_tokens, 0, 1000000000) as cached,
      public.ai_number(call.cache_write_tokens, 0, 1000000000) as cache_write,
      public.ai_number(call.completion_tokens, 0, 1000000000) as completion,
      public.ai_number(call.reasoning_tokens, 0, 1000000000) as reasoning,
      public.ai_number(call.cost_usd, 0, 1000000) as cost,
      public.ai_number(call.list_usd, 0, 1000000) as list,
      public.ai_number(call.cached_savings_usd, -1000000, 1000000) as savings,
      call.usage_source as source
    from pg_catalog.jsonb_to_recordset(p_attempts) as call (
      backend text, model_id text, billed jsonb, prompt_tokens jsonb, cached_tokens jsonb, cache_write_tokens jsonb,
      completion_tokens jsonb, reasoning_tokens jsonb, cost_usd jsonb, list_usd jsonb, cached_savings_usd jsonb,
      usage_source text
    )
    where call.usage_source is not null
    union all
    select 1, case when used then 1 else 0 end, case when used then p_provider end, case when used then p_model end,
      case when not used then false end, p_prompt, p_cached, null, p_completion, null, p_cost, null, null, p_source
    from (
      select p_status = 'completed' or p_prompt > 0 or p_completion > 0 or p_cost is distinct from 0 as used
    ) as row_itself
    where not exists (
      -- Exactly what the part above leaves out, whatever was sent.
      select 1 from pg_catalog.jsonb_array_elements(p_attempts) as call where call ->> 'usage_source' is not null
    )
  ) as part;
$$;

-- Triggers ----------------------------------------------------------------------------------------

create or replace function public.ai_note_calls() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  insert into public.ai_call_notes (hour, event_type, provider, model, outcome, calls, latencies, first_tokens)
  select date_trunc('hour', created_at, 'UTC'), event_type, coalesce(backend, ''), coalesce(model_id, ''),
         coalesce(status, ''), count(*),
         coalesce(array_agg(latency_ms) filter (where latency_ms is not null), '{}'),
         coalesce(array_agg(first_token_ms) filter (where first_token_ms is not null), '{}')
  from added
  where isfinite(created_at)
  group by 1, 2, 3, 4, 5;
  return null;
end;
$$;

create or replace function public.ai_note_turns() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  -- A turn that has begun only is in no figure; begin_turn waits for this.
  if not exists (select 1 from added where status <> 'started') then
    return null;
  end if;
  insert into public.ai_usage_notes
  select date_trunc('hour', turn.created_at, 'UTC'), turn.tier, turn.status, part.depth, part.provider, part.model,
         part.billed, part.valued, sum(part.turns), sum(part.calls), sum(part.prompt_tokens), sum(part.cached_tokens),
         sum(part.cache_write_tokens), sum(part.completion_tokens), sum(part.reasoning_tokens), sum(part.cost_usd),
         sum(part.list_usd), sum(part.cached_savings_usd), count(*) filter (where part.is_unknown),
         count(*) filter (where part.is_estimated)
  from added as turn
  cross join lateral public.ai_turn_parts(
    turn.status, turn.backend, turn.model, turn.attempts, turn.prompt_tokens, turn.cached_tokens,
    turn.completion_tokens, turn.cost_usd, turn.usage_source
  ) as part
  where turn.status <> 'started'
  group by 1, 2, 3, 4, 5, 6, 7, 8;
  return null;
end;
$$;

-- The difference between what was and what is.
create or replace function public.ai_note_changed_turns() returns trigger
language plpgsql security definer set search_path = '' as $$
declare
  v_before timestamptz;
  v_before_id uuid;
begin
  if not exists (select 1 from changed where status <> 'started')
    and not exists (select 1 from previous where status <> 'started') then
    return null;
  end if;
  -- Of a turn from before 019 that is not in the figures yet there is nothing to take back, and ai_note_older will
  -- find it as it is then. The lock: not while it reads.
  if exists (select 1 from changed where in_figures is null) then
    select usage_before, usage_before_id into v_before, v_before_id from public.ai_figures_state for share;
  end if;
  insert into public.ai_usage_notes
  select date_trunc('hour', turn.created_at, 'UTC'), turn.tier, turn.status, part.depth, part.provider, part.model,
         part.billed, part.valued, sum(sign * part.turns), sum(sign * part.calls), sum(sign * part.prompt_tokens),
         sum(sign * part.cached_tokens), sum(sign * part.cache_write_tokens), sum(sign * part.completion_tokens),
         sum(sign * part.reasoning_tokens), sum(sign * part.cost_usd), sum(sign * part.list_usd),
         sum(sign * part.cached_savings_usd), coalesce(sum(sign) filter (where part.is_unknown), 0),
         coalesce(sum(sign) filter (where part.is_estimated), 0)
  from (
    select 1 as sign, id, created_at, tier, status, backend, model, attempts, prompt_tokens, cached_tokens,
           completion_tokens, cost_usd, usage_source, in_figures
    from changed
    union all
    select -1, id, created_at, tier, status, backend, model, attempts, prompt_tokens, cached_tokens,
           completion_tokens, cost_usd, usage_source, in_figures
    from previous
  ) as turn
  cross join lateral public.ai_turn_parts(
    turn.status, turn.backend, turn.model, turn.attempts, turn.prompt_tokens, turn.cached_tokens,
    turn.completion_tokens, turn.cost_usd, turn.usage_source
  ) as part
  where turn.status <> 'started'
    and (turn.in_figures or v_before is null or (turn.created_at, turn.id) >= (v_before, v_before_id))
  group by 1, 2, 3, 4, 5, 6, 7, 8
  having (
    sum(sign * part.turns), sum(sign * part.calls), sum(sign * part.prompt_tokens), sum(sign * part.cached_tokens),
    sum(sign * part.cache_write_tokens), sum(sign * part.completion_tokens), sum(sign * part.reasoning_tokens),
    sum(sign * part.cost_usd), sum(sign * part.list_usd), sum(sign * part.cached_savings_usd),
    coalesce(sum(sign) filter (where part.is_unknown), 0), coalesce(sum(sign) filter (where part.is_estimated), 0)
  ) <> (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
  return null;
end;
$$;

create or replace trigger ai_events_note after insert on public.ai_events
  referencing new table as added for each statement execute function public.ai_note_calls();
create or replace trigger ai_chat_usage_note after insert on public.ai_chat_usage
  referencing new table as added for each statement execute function public.ai_note_turns();
create or replace trigger ai_chat_usage_note_change after update on public.ai_chat_usage
  referencing old table as previous new table as changed
  for each statement execute function public.ai_note_changed_turns();

-- Folding -----------------------------------------------------------------------------------------

-- Latencies are counted in buckets that are 5 % wide, so what is read from them is at most 2.5 % off. A histogram is
-- an array with one number a bucket: the bucket's in the upper 32 bits, how many calls in the lower.
create or replace function public.ai_latency_bucket(p_ms integer) returns bigint
language sql immutable as $$
  select case when p_ms < 1 then 0 else 1 + pg_catalog.floor(pg_catalog.ln(p_ms::float8) / pg_catalog.ln(1.05::float8)) end::bigint;
$$;

-- The middle of a bucket, milliseconds.
create or replace function public.ai_bucket_ms(p_bucket bigint) returns numeric
language sql immutable as $$
  select case when p_bucket < 1 then 0
    else pg_catalog.trim_scale(pg_catalog.round(pg_catalog.power(1.05::float8, p_bucket - 0.5)::numeric, 1)) end;
$$;

create or replace function public.ai_add_histograms(p_one bigint[], p_other bigint[]) returns bigint[]
language sql immutable set search_path = '' as $$
  select coalesce(array_agg((bucket << 32) | least(calls, 4294967295)::bigint), '{}') from (
    select counted >> 32 as bucket, sum(counted & 4294967295) as calls from unnest(p_one || p_other) as counted group by 1
  ) as summed;
$$;

-- Notes rows from before 019, the newest first: at most so many of each table. Returns whether some are left.
create or replace function public.ai_note_older(p_batch integer) returns boolean
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_state public.ai_figures_state;
  v_last_at timestamptz;
  v_last_id uuid;
  v_rows integer;
begin
  select * into v_state from public.ai_figures_state;
  if v_state.events_before is null and v_state.usage_before is null then
    return false;
  end if;
  -- Nobody changes such a turn meanwhile, see ai_note_changed_turns.
  select * into v_state from public.ai_figures_state for update;

  if v_state.events_before is not null then
    with older as (
      select * from public.ai_events
      where in_figures is null and created_at <= v_state.events_before
        and (created_at, id) < (v_state.events_before, v_state.events_before_id)
      order by created_at desc, id desc limit p_batch
    ), noted as (
      insert into public.ai_call_notes (hour, event_type, provider, model, outcome, calls, latencies, first_tokens)
      select date_trunc('hour', created_at, 'UTC'), event_type, coalesce(backend, ''), coalesce(model_id, ''),
             coalesce(status, ''), count(*),
             coalesce(array_agg(latency_ms) filter (where latency_ms is not null), '{}'),
             coalesce(array_agg(first_token_ms) filter (where first_token_ms is not null), '{}')
      from older where isfinite(created_at) group by 1, 2, 3, 4, 5
    )
    select count(*), min(created_at), (array_agg(id order by created_at, id))[1] into v_rows, v_last_at, v_last_id
    from older;
    update public.ai_figures_state set
      events_before = case when v_rows = p_batch then v_last_at end,
      events_before_id = case when v_rows = p_batch then v_last_id end;
  end if;

  if v_state.usage_before is not null then
    with older as (
      select * from public.ai_chat_usage
      where in_figures is null and created_at <= v_state.usage_before
        and (created_at, id) < (v_state.usage_before, v_state.usage_before_id)
      order by created_at desc, id desc limit p_batch
    ), noted as (
      insert into public.ai_usage_notes
      select date_trunc('hour', turn.created_at, 'UTC'), turn.tier, turn.status, part.depth, part.provider,
             part.model, part.billed, part.valued, sum(part.turns), sum(part.calls), sum(part.prompt_tokens),
             sum(part.cached_tokens), sum(part.cache_write_tokens), sum(part.completion_tokens),
             sum(part.reasoning_tokens), sum(part.cost_usd), sum(part.list_usd), sum(part.cached_savings_usd),
             count(*) filter (where part.is_unknown), count(*) filter (where part.is_estimated)
      from older as turn
      cross join lateral public.ai_turn_parts(
        turn.status, turn.backend, turn.model, turn.attempts, turn.prompt_tokens, turn.cached_tokens,
        turn.completion_tokens, turn.cost_usd, turn.usage_source
      ) as part
      where turn.status <> 'started'
      group by 1, 2, 3, 4, 5, 6, 7, 8
    )
    select count(*), min(created_at), (array_agg(id order by created_at, id))[1] into v_rows, v_last_at, v_last_id
    from older;
    update public.ai_figures_state set
      usage_before = case when v_rows = p_batch then v_last_at end,
      usage_before_id = case when v_rows = p_batch then v_last_id end;
  end if;

  return exists (
    select 1 from public.ai_figures_state where events_before is not null or usage_before is not null
  );
end;
$$;

-- Adds notes to the figures, at most p_batch of each kind, and p_batch rows from before 019 to the notes. Returns
-- {folded, more}: `more` says that another call has something to do. One at a time over all gateways; who finds
-- another one at it does nothing. Takes no lock that a turn waits for.
create or replace function public.fold_figures(p_batch integer default 20000) returns jsonb
language plpgsql volatile security definer set search_path = '' set statement_timeout = '30s' set jit = off as $$
declare
  v_batch integer := least(greatest(coalesce(p_batch, 20000), 1), 100000);
  v_calls integer;
  v_usage integer;
  v_more boolean;
begin
  if not pg_try_advisory_xact_lock(hashtextextended('ai_figures', 0)) then
    return jsonb_build_object('folded', 0, 'more', false);
  end if;
  v_more := public.ai_note_older(v_batch);

  with taken as (
    delete from public.ai_call_notes where ctid = any(array(select ctid from public.ai_call_notes limit v_batch))
    returning *
  ), both_grains as (
    select 'hour' as grain, hour as start, event_type, provider, model, outcome, calls, latencies, first_tokens from taken
    union all
    select 'day', date_trunc('day', hour, 'UTC'), event_type, provider, model, outcome, calls, latencies, first_tokens
    from taken
  ), samples as (
    select grain, start, event_type, provider, model, outcome, kind, (bucket << 32) | count(*) as counted
    from both_grains
    cross join lateral (
      select 'latency' as kind, public.ai_latency_bucket(value) as bucket from unnest(latencies) as value
      union all
      select 'first token', public.ai_latency_bucket(value) from unnest(first_tokens) as value
    ) as sample
    group by grain, start, event_type, provider, model, outcome, kind, bucket
  ), histograms as (
    select grain, start, event_type, provider, model, outcome,
           array_agg(counted) filter (where kind = 'latency') as latencies,
           array_agg(counted) filter (where kind = 'first token') as first_tokens
    from samples group by 1, 2, 3, 4, 5, 6
  ), summed as (
    select grain, start, event_type, provider, model, outcome, sum(calls)::bigint as calls
    from both_grains group by 1, 2, 3, 4, 5, 6
  ), added as (
    insert into public.ai_call_figures as figure
    select grain, start, event_type, provider, model, outcome, calls, coalesce(latencies, '{}'),
           coalesce(first_tokens, '{}')
    from summed left join histograms using (grain, start, event_type, provider, model, outcome)
    on conflict (grain, start, event_type, provider, model, outcome) do update set
      calls = figure.calls + excluded.calls,
      latencies = public.ai_add_histograms(figure.latencies, excluded.latencies),
      first_tokens = public.ai_add_histograms(figure.first_tokens, excluded.first_tokens)
  )
  select count(*) into v_calls from taken;

  with taken as (
    delete from public.ai_usage_notes where ctid = any(array(select ctid from public.ai_usage_notes limit v_batch))
    returning *
  ), added as (
    insert into public.ai_usage_figures as figure (
      grain, start, mode, status, depth, provider, model, billed, valued, turns, calls, prompt_tokens, cached_tokens,
      cache_write_tokens, completion_tokens, reasoning_tokens, cost_usd, list_usd, cached_savings_usd, unknown_calls,
      estimated_calls
    )
    select grain, case grain when 'hour' then hour else date_trunc('day', hour, 'UTC') end as start, mode, status,
           depth, provider, model, billed, valued, sum(turns), sum(calls), sum(prompt_tokens), sum(cached_tokens),
           sum(cache_write_tokens), sum(completion_tokens), sum(reasoning_tokens), sum(cost_usd), sum(list_usd),
           sum(cached_savings_usd), sum(unknown_calls), sum(estimated_calls)
    from taken cross join (values ('hour'), ('day')) as grains (grain)
    group by 1, 2, 3, 4, 5, 6, 7, 8, 9
    on conflict (grain, start, mode, status, depth, provider, model, billed, valued) do update set
      turns = figure.turns + excluded.turns,
      calls = figure.calls + excluded.calls,
      prompt_tokens = figure.prompt_tokens + excluded.prompt_tokens,
      cached_tokens = figure.cached_tokens + excluded.cached_tokens,
      cache_write_tokens = figure.cache_write_tokens + excluded.cache_write_tokens,
      completion_tokens = figure.completion_tokens + excluded.completion_tokens,
      reasoning_tokens = figure.reasoning_tokens + excluded.reasoning_tokens,
      cost_usd = figure.cost_usd + excluded.cost_usd,
      list_usd = figure.list_usd + excluded.list_usd,
      cached_savings_usd = figure.cached_savings_usd + excluded.cached_savings_usd,
      unknown_calls = figure.unknown_calls + excluded.unknown_calls,
      estimated_calls = figure.estimated_calls + excluded.estimated_calls
  )
  select count(*) into v_usage from taken;

  return jsonb_build_object('folded', v_calls + v_usage, 'more', v_more or v_calls = v_batch or v_usage = v_batch);
end;
$$;

-- What is there already: all of a small database now, of a larger one in fold_figures, so that nothing waits.
do $$ begin perform public.fold_figures(20000); end $$;

-- The operator's questions ------------------------------------------------------------------------
-- Each has a statement_timeout of its own, which PostgREST and the local front set before they call it: a page of an
-- administrator never slows the turns. Numbers are JSON numbers, times ISO 8601 with their offset.

-- How a window is read: whole days [d1, d2) and whole hours [h1, d1) and [d2, h2) from figures, what is left at its
-- ends, [p_from, h1) and [h2, p_to), from the rows themselves. Without whole days d1 = d2 = h2.
--
-- The hour that is running is taken whole: nothing is later than now. Where retention has taken the rows (before
-- p_rows_from) or the hours (before p_hours_from), the window begins with their whole hour or day.
create or replace function public.ai_window(
  p_from timestamptz, p_to timestamptz, p_rows_from timestamptz, p_hours_from timestamptz,
  out from_at timestamptz, out h1 timestamptz, out d1 timestamptz, out d2 timestamptz, out h2 timestamptz,
  out to_at timestamptz
) language plpgsql stable set search_path = '' as $$
begin
  from_at := case when p_from < p_hours_from then date_trunc('day', p_from, 'UTC')
    when p_from < p_rows_from then date_trunc('hour', p_from, 'UTC') else p_from end;
  h1 := date_trunc('hour', from_at, 'UTC');
  if h1 < from_at then
    h1 := h1 + interval '1 hour';
  end if;
  h2 := date_trunc('hour', p_to, 'UTC');
  to_at := p_to;
  if p_to >= now() then
    h2 := h2 + interval '1 hour';
    to_at := h2;
  end if;
  if h1 > h2 then
    -- Within one hour.
    h1 := to_at;
    h2 := to_at;
  end if;
  d1 := (date_trunc('day', h1 at time zone 'UTC') + case when date_trunc('day', h1, 'UTC') < h1
    then interval '1 day' else interval '0' end) at time zone 'UTC';
  d2 := date_trunc('day', h2, 'UTC');
  if d1 >= d2 then
    d1 := h2;
    d2 := h2;
  end if;
end;
$$;

-- Calls by provider, model and outcome in a window that begins at or after p_from and ends before p_to.
create or replace function public.ai_calls_between(p_from timestamptz, p_to timestamptz)
returns table (provider text, model text, outcome text, calls bigint)
language plpgsql stable security definer set search_path = '' as $$
declare
  w record;
begin
  select edges.* into w from public.ai_figures_state state
    cross join lateral public.ai_window(p_from, p_to, state.events_from, state.hours_from) edges;
  return query
  select piece.provider, piece.model, piece.outcome, sum(piece.calls)::bigint
  from (
    select figure.provider, figure.model, figure.outcome, figure.calls from public.ai_call_figures figure
      where figure.grain = 'day' and figure.start >= w.d1 and figure.start < w.d2 and figure.event_type = 'attempt'
    union all
    select figure.provider, figure.model, figure.outcome, figure.calls from public.ai_call_figures figure
      where figure.grain = 'hour' and figure.start >= w.h1 and figure.start < w.d1 and figure.event_type = 'attempt'
    union all
    select figure.provider, figure.model, figure.outcome, figure.calls from public.ai_call_figures figure
      where figure.grain = 'hour' and figure.start >= w.d2 and figure.start < w.h2 and figure.event_type = 'attempt'
    union all
    select note.provider, note.model, note.outcome, note.calls from public.ai_call_notes note
      where note.hour >= w.h1 and note.hour < w.h2 and note.event_type = 'attempt'
    union all
    select coalesce(event.backend, ''), coalesce(event.model_id, ''), coalesce(event.status, ''), 1
      from public.ai_events event
      where event.created_at >= w.from_at and event.created_at < w.h1 and event.event_type = 'attempt'
    union all
    select coalesce(event.backend, ''), coalesce(event.model_id, ''), coalesce(event.status, ''), 1
      from public.ai_events event
      where event.created_at >= w.h2 and event.created_at < w.to_at and event.event_type = 'attempt'
  ) as piece
  group by 1, 2, 3;
end;
$$;

-- Latencies of the calls that succeeded, and times to the first content of all that had one: {p50, p95, p99} in
-- milliseconds, by provider (model null) and by engine. By nearest rank: with p_exact of the rows themselves, a
-- value that some call had; otherwise from the histograms.
create or replace function public.ai_latencies_between(p_from timestamptz, p_to timestamptz, p_exact boolean)
returns table (provider text, model text, latency jsonb, first_token jsonb)
language plpgsql stable security definer set search_path = '' as $$
declare
  w record;
begin
  select edges.* into w from public.ai_figures_state state
    cross join lateral public.ai_window(p_from, p_to, state.events_from, state.hours_from) edges;
  if p_exact then
    return query
    select event.provider, event.model,
      public.ai_percentiles(percentile_disc('{0.5,0.95,0.99}'::float8[]) within group (order by event.latency_ms)
        filter (where event.status = 'ok')),
      public.ai_percentiles(percentile_disc('{0.5,0.95,0.99}'::float8[]) within group (order by event.first_token_ms))
    from (
      select coalesce(backend, '') as provider, coalesce(model_id, '') as model, status, latency_ms, first_token_ms
      from public.ai_events
      where created_at >= w.from_at and created_at < w.to_at and event_type = 'attempt'
    ) as event
    group by grouping sets ((event.provider), (event.provider, event.model));
    return;
  end if;
  return query
  with histograms as (
    select figure.provider, figure.model, figure.outcome, figure.latencies, figure.first_tokens
      from public.ai_call_figures figure
      where figure.grain = 'day' and figure.start >= w.d1 and figure.start < w.d2 and figure.event_type = 'attempt'
    union all
    select figure.provider, figure.model, figure.outcome, figure.latencies, figure.first_tokens
      from public.ai_call_figures figure
      where figure.grain = 'hour' and figure.start >= w.h1 and figure.start < w.d1 and figure.event_type = 'attempt'
    union all
    select figure.provider, figure.model, figure.outcome, figure.latencies, figure.first_tokens
      from public.ai_call_figures figure
      where figure.grain = 'hour' and figure.start >= w.d2 and figure.start < w.h2 and figure.event_type = 'attempt'
  ), single as (
    select note.provider, note.model, note.outcome, note.latencies, note.first_tokens from public.ai_call_notes note
      where note.hour >= w.h1 and note.hour < w.h2 and note.event_type = 'attempt'
    union all
    select coalesce(event.backend, ''), coalesce(event.model_id, ''), coalesce(event.status, ''),
           array[event.latency_ms], array[event.first_token_ms]
      from public.ai_events event
      where event.event_type = 'attempt' and (event.created_at >= w.from_at and event.created_at < w.h1
        or event.created_at >= w.h2 and event.created_at < w.to_at)
  ), samples as (
    select h.provider, h.model, 'latency' as kind, counted >> 32 as bucket, counted & 4294967295 as calls
      from histograms h cross join lateral unnest(h.latencies) as counted where h.outcome = 'ok'
    union all
    select h.provider, h.model, 'first token', counted >> 32, counted & 4294967295
      from histograms h cross join lateral unnest(h.first_tokens) as counted
    union all
    select s.provider, s.model, 'latency', public.ai_latency_bucket(value), 1
      from single s cross join lateral unnest(s.latencies) as value where s.outcome = 'ok' and value is not null
    union all
    select s.provider, s.model, 'first token', public.ai_latency_bucket(value), 1
      from single s cross join lateral unnest(s.first_tokens) as value where value is not null
  ), by_engine as materialized (
    select s.provider, s.model, s.kind, s.bucket, sum(s.calls)::bigint as calls from samples s group by 1, 2, 3, 4
  ), counted as (
    select * from by_engine
    union all
    select e.provider, null, e.kind, e.bucket, sum(e.calls)::bigint from by_engine e group by 1, 3, 4
  ), running as (
    select c.provider, c.model, c.kind, c.bucket,
           sum(c.calls) over (partition by c.provider, c.model, c.kind order by c.bucket) as up_to,
           sum(c.calls) over (partition by c.provider, c.model, c.kind) as total
    from counted c
  ), read_off as (
    select r.provider, r.model, r.kind, array[
        public.ai_bucket_ms(min(r.bucket) filter (where r.up_to >= 0.5 * r.total)),
        public.ai_bucket_ms(min(r.bucket) filter (where r.up_to >= 0.95 * r.total)),
        public.ai_bucket_ms(min(r.bucket) filter (where r.up_to >= 0.99 * r.total))
      ] as percentiles
    from running r group by 1, 2, 3
  )
  select r.provider, r.model,
    (array_agg(public.ai_percentiles(r.percentiles)) filter (where r.kind = 'latency'))[1],
    (array_agg(public.ai_percentiles(r.percentiles)) filter (where r.kind = 'first token'))[1]
  from read_off r group by 1, 2;
end;
$$;

create or replace function public.ai_percentiles(p_values anyarray) returns jsonb
language sql immutable set search_path = '' as $$
  select jsonb_build_object('p50', p_values[1], 'p95', p_values[2], 'p99', p_values[3]);
$$;

-- What turns used, as figures have it, in [p_from, p_to).
create or replace function public.ai_usage_between(p_from timestamptz, p_to timestamptz)
returns setof public.ai_usage_notes
language plpgsql stable security definer set search_path = '' as $$
declare
  w record;
begin
  select edges.* into w from public.ai_figures_state state
    cross join lateral public.ai_window(p_from, p_to, state.usage_from, state.hours_from) edges;
  return query
  select null::timestamptz, piece.mode, piece.status, piece.depth, piece.provider, piece.model, piece.billed, piece.valued,
         sum(piece.turns)::bigint, sum(piece.calls)::bigint, sum(piece.prompt_tokens), sum(piece.cached_tokens),
         sum(piece.cache_write_tokens), sum(piece.completion_tokens), sum(piece.reasoning_tokens),
         sum(piece.cost_usd), sum(piece.list_usd), sum(piece.cached_savings_usd), sum(piece.unknown_calls)::bigint,
         sum(piece.estimated_calls)::bigint
  from (
    select f.mode, f.status, f.depth, f.provider, f.model, f.billed, f.valued, f.turns, f.calls, f.prompt_tokens,
           f.cached_tokens, f.cache_write_tokens, f.completion_tokens, f.reasoning_tokens, f.cost_usd, f.list_usd,
           f.cached_savings_usd, f.unknown_calls, f.estimated_calls
      from public.ai_usage_figures f
      where f.grain = 'day' and f.start >= w.d1 and f.start < w.d2
        or f.grain = 'hour' and (f.start >= w.h1 and f.start < w.d1 or f.start >= w.d2 and f.start < w.h2)
    union all
    select n.mode, n.status, n.depth, n.provider, n.model, n.billed, n.valued, n.turns, n.calls, n.prompt_tokens,
           n.cached_tokens, n.cache_write_tokens, n.completion_tokens, n.reasoning_tokens, n.cost_usd, n.list_usd,
           n.cached_savings_usd, n.unknown_calls, n.estimated_calls
      from public.ai_usage_notes n where n.hour >= w.h1 and n.hour < w.h2
    union all
    select turn.tier, turn.status, part.depth, part.provider, part.model, part.billed, part.valued, part.turns,
           part.calls, part.prompt_tokens, part.cached_tokens, part.cache_write_tokens, part.completion_tokens,
           part.reasoning_tokens, part.cost_usd, part.list_usd, part.cached_savings_usd,
           part.is_unknown::integer, part.is_estimated::integer
      from public.ai_chat_usage turn
      cross join lateral public.ai_turn_parts(
        turn.status, turn.backend, turn.model, turn.attempts, turn.prompt_tokens, turn.cached_tokens,
        turn.completion_tokens, turn.cost_usd, turn.usage_source
      ) as part
      where turn.status <> 'started' and (turn.created_at >= w.from_at and turn.created_at < w.h1
        or turn.created_at >= w.h2 and turn.created_at < w.to_at)
  ) as piece
  group by 2, 3, 4, 5, 6, 7, 8;
end;
$$;

-- What calls cost in [p_from, p_to), see admin_health.
create or replace function public.ai_cost_period(p_from timestamptz, p_to timestamptz) returns jsonb
language sql stable security definer set search_path = '' as $$
  with used as materialized (
    select * from public.ai_usage_between(p_from, p_to) where calls > 0
  ), models as (
    select provider, model, sum(calls) as calls, jsonb_build_object(
        'provider', provider, 'model', model, 'calls', sum(calls),
        'promptTokens', sum(prompt_tokens), 'cachedTokens', sum(cached_tokens),
        'cacheWriteTokens', sum(cache_write_tokens), 'completionTokens', sum(completion_tokens),
        'reasoningTokens', sum(reasoning_tokens), 'costUsd', trim_scale(sum(cost_usd)),
        'listUsd', trim_scale(sum(list_usd)),
        'cachedSavingsUsd', trim_scale(coalesce(sum(cached_savings_usd) filter (where billed), 0)),
        'paidCalls', coalesce(sum(calls) filter (where billed), 0), 'unknownCalls', sum(unknown_calls),
        'estimatedCalls', sum(estimated_calls),
        'unvalued', coalesce(jsonb_agg(jsonb_build_object(
          'billed', billed, 'calls', calls, 'promptTokens', prompt_tokens, 'cachedTokens', cached_tokens,
          'cacheWriteTokens', cache_write_tokens, 'completionTokens', completion_tokens
        )) filter (where not valued), '[]')
      ) as model_json
    from (
      select provider, model, billed, valued, sum(calls) as calls, sum(prompt_tokens) as prompt_tokens,
             sum(cached_tokens) as cached_tokens, sum(cache_write_tokens) as cache_write_tokens,
             sum(completion_tokens) as completion_tokens, sum(reasoning_tokens) as reasoning_tokens,
             sum(cost_usd) as cost_usd, sum(list_usd) as list_usd, sum(cached_savings_usd) as cached_savings_usd,
             sum(unknown_calls) as unknown_calls, sum(estimated_calls) as estimated_calls
      from used group by provider, model, billed, valued
    ) as by_kind
    group by provider, model
  )
  select jsonb_build_object(
    'total', trim_scale(coalesce(sum(cost_usd), 0)),
    'paid', trim_scale(coalesce(sum(cost_usd) filter (where billed), 0)),
    'free', trim_scale(coalesce(sum(cost_usd) filter (where not billed), 0)),
    'cachedSavings', trim_scale(coalesce(sum(cached_savings_usd) filter (where billed), 0)),
    'freeTierValue', trim_scale(coalesce(sum(list_usd) filter (where not billed), 0)),
    'calls', coalesce(sum(calls), 0),
    'unknownCalls', coalesce(sum(unknown_calls), 0),
    'estimatedCalls', coalesce(sum(estimated_calls), 0),
    'models', coalesce(
      (select jsonb_agg(model_json order by model_json -> 'costUsd' desc, calls desc, provider, model) from models), '[]')
  ) from used;
$$;

-- Turns and failover by mode in [p_from, p_to).
create or replace function public.ai_modes_between(p_from timestamptz, p_to timestamptz) returns jsonb
language plpgsql stable security definer set search_path = '' as $$
declare
  w record;
begin
  select edges.* into w from public.ai_figures_state state
    cross join lateral public.ai_window(p_from, p_to, state.usage_from, state.hours_from) edges;
  return (
    with counted as materialized (
      select mode, status, depth, sum(turns) as turns from public.ai_usage_between(p_from, p_to) group by 1, 2, 3
    ), without_attempts as materialized (
      -- From before 012, or inserted by hand: their attempts are in the log only. The newest of them.
      select id, tier from public.ai_chat_usage
      where attempts is null and status <> 'started' and created_at >= w.from_at and created_at < w.to_at
      order by created_at desc limit 5000
    ), depths as (
      select mode, depth, turns from counted where depth >= 0 and turns > 0
      union all
      select turn.tier, logged.attempts - 1, count(*)
      from without_attempts turn cross join lateral (
        select count(*) as attempts from public.ai_events event
        where event.request_id = turn.id and event.event_type = 'attempt'
          and not event.meta @> '{"question": true}'
      ) as logged
      where logged.attempts > 0 group by 1, 2
    ), by_mode as (
      select mode, sum(turns) as turns from counted group by 1 having sum(turns) > 0
    )
    select coalesce(jsonb_agg(jsonb_build_object(
      'mode', by_mode.mode, 'turns', by_mode.turns,
      'statuses', (
        select jsonb_object_agg(status, turns) from (
          select status, sum(turns) as turns from counted where counted.mode = by_mode.mode group by 1 having sum(turns) > 0
        ) as by_status
      ),
      'failoverDepth', (
        select jsonb_build_object(
          'mean', coalesce(trim_scale(round(sum(depth * turns) / nullif(sum(turns), 0), 4)), 0),
          'max', coalesce(max(depth), 0)
        ) from depths where depths.mode = by_mode.mode
      )
    ) order by by_mode.turns desc, by_mode.mode), '[]') from by_mode
  );
end;
$$;

-- What GET /api/admin/health needs of the database. p_window_seconds: 1 second to 400 days; providers and modes are
-- those of [now - window, now). Counts are exact; so are percentiles of at most 20,000 calls.
--
-- {
--   generatedAt, window: {from, to, seconds},
--   complete,                     -- false while rows from before 019 are still being noted (fold_figures)
--   percentiles: "exact" | "histogram",        -- histogram: at most 2.5 % off
--   providers: [{
--     id, calls, succeeded, rateLimited, outcomes: {<outcome>: calls},
--     latencyMs: {p50, p95, p99}, firstTokenMs: {p50, p95, p99},               -- null where no call has one
--     engines: [{ model, calls, succeeded, rateLimited, outcomes, latencyMs, firstTokenMs }]
--   }],
--   modes: [{ mode, turns, statuses: {<status>: turns}, failoverDepth: {mean, max} }],
--   cost: { currency: "USD", today, last7Days, last30Days }
-- }
--
-- A call is a row of ai_events with event_type 'attempt'; it succeeded if its outcome (status) is 'ok' and was
-- rate-limited if that is 'rate_limited'. latencyMs is of those that succeeded: refusals within milliseconds would
-- make a provider look fast. Turns have ended; depth is a turn's attempts - 1, of turns that made one.
--
-- Each period of cost: {
--   total, paid, free,            -- USD; total = paid + free: of calls that are billed, and of those on free tiers
--   cachedSavings,                -- USD, of billed calls
--   freeTierValue,                -- USD at list price, of calls on free tiers
--   calls, unknownCalls, estimatedCalls,
--   models: [{
--     provider, model, calls, paidCalls, promptTokens, cachedTokens, cacheWriteTokens, completionTokens,
--     reasoningTokens, costUsd, listUsd, cachedSavingsUsd, unknownCalls, estimatedCalls,
--     unvalued: [{ billed, calls, promptTokens, cachedTokens, cacheWriteTokens, completionTokens }]
--   }]
-- }
-- today is the UTC day so far; the others are 7 and 30 times 24 hours. A call that used nothing is none here. Of
-- calls in `unvalued` the ledger has no list price (rows of before 019, or inserted by hand): they are in no
-- cachedSavings and no freeTierValue above, and who knows prices may add them.
create or replace function public.admin_health(p_window_seconds integer default 86400, p_now timestamptz default null)
returns jsonb
language plpgsql stable security definer set search_path = '' set statement_timeout = '5s' set jit = off
  set max_parallel_workers_per_gather = 0 set work_mem = '32MB' as $$
declare
  v_exact_up_to constant bigint := 20000;
  v_now timestamptz := coalesce(p_now, now());
  v_seconds integer := least(greatest(coalesce(p_window_seconds, 86400), 1), 34560000);
  v_from timestamptz := v_now - make_interval(secs => v_seconds);
  v_counted jsonb;
  v_exact boolean;
  v_state public.ai_figures_state;
  v_providers jsonb;
begin
  select * into v_state from public.ai_figures_state;
  select coalesce(jsonb_agg(called), '[]'), coalesce(sum(calls), 0) <= v_exact_up_to and v_from >= v_state.events_from
    into v_counted, v_exact from public.ai_calls_between(v_from, v_now) as called;

  with counted as materialized (
    select * from jsonb_to_recordset(v_counted) as called (provider text, model text, outcome text, calls bigint)
  ), latencies as materialized (
    select provider, model, latency, first_token from public.ai_latencies_between(v_from, v_now, v_exact)
  ), sums as (
    select provider, model, sum(calls) as calls, jsonb_object_agg(outcome, calls) as outcomes, jsonb_build_object(
        'calls', sum(calls),
        'succeeded', coalesce(sum(calls) filter (where outcome = 'ok'), 0),
        'rateLimited', coalesce(sum(calls) filter (where outcome = 'rate_limited'), 0),
        'outcomes', jsonb_object_agg(outcome, calls)
      ) as figures
    from (
      select provider, model, outcome, sum(calls) as calls from counted
      group by grouping sets ((provider, outcome), (provider, model, outcome))
    ) as by_outcome
    group by provider, model
  ), whole as (
    select sums.provider, sums.model, sums.calls, sums.figures || jsonb_build_object(
        'latencyMs', coalesce(latencies.latency, public.ai_percentiles('{}'::integer[])),
        'firstTokenMs', coalesce(latencies.first_token, public.ai_percentiles('{}'::integer[]))
      ) as figures
    from sums left join latencies
      on latencies.provider = sums.provider and latencies.model is not distinct from sums.model
  )
  select coalesce(jsonb_agg(
    jsonb_build_object('id', provider) || figures || jsonb_build_object('engines', (
      select coalesce(jsonb_agg(jsonb_build_object('model', model) || figures order by calls desc, model), '[]')
      from whole engine where engine.provider = whole.provider and engine.model is not null
    )) order by calls desc, provider
  ), '[]') into v_providers from whole where model is null;

  return jsonb_build_object(
    'generatedAt', v_now,
    'window', jsonb_build_object('from', v_from, 'to', v_now, 'seconds', v_seconds),
    'complete', v_state.events_before is null and v_state.usage_before is null,
    'percentiles', case when v_exact then 'exact' else 'histogram' end,
    'providers', v_providers,
    'modes', public.ai_modes_between(v_from, v_now),
    'cost', jsonb_build_object(
      'currency', 'USD',
      'today', public.ai_cost_period(date_trunc('day', v_now, 'UTC'), v_now),
      'last7Days', public.ai_cost_period(v_now - interval '168 hours', v_now),
      'last30Days', public.ai_cost_period(v_now - interval '720 hours', v_now)
    )
  );
end;
$$;

-- The log of requests -----------------------------------------------------------------------------
-- Never what was said.

-- The newest of these turns: {requests: [request], nextCursor}, for GET /api/admin/requests.
--
-- request: {
--   id, createdAt, settledAt, durationMs, route, mode, status, delivered, provider, model, promptTokens,
--   cachedTokens, completionTokens, servedTokens, billableTokens, costUsd, usageSource, attempts: <count>,
--   user: {id, email} | null, key: {id, name} | null
-- }
--
-- p_filter: {status, mode, provider, model, user, key, route, from, to, minCost, maxCost, unknownCost}, all optional;
-- `from` is included, `to` is not, costs are in USD and included, unknownCost is a boolean. Another name, a cursor
-- that is none or a value of the wrong kind: SQLSTATE class 22. p_limit: 1 to 200.
--
-- One call looks at 20,000 turns at most (nextCursor then stands where it stopped), so a page may be shorter than
-- p_limit, or empty, though there are more: nextCursor null says that there are none.
create or replace function public.admin_requests(
  p_filter jsonb default '{}', p_cursor text default null, p_limit integer default 50
) returns jsonb
language plpgsql stable security definer set search_path = '' set statement_timeout = '5s' set jit = off
  set max_parallel_workers_per_gather = 0 as $$
declare
  v_looked_at constant integer := 20000;
  -- PostgREST hands a JSON object over as one; @supabase/lite may as a string that holds one.
  v_filter jsonb := coalesce(
    case when jsonb_typeof(p_filter) = 'string' then (p_filter #>> '{}')::jsonb else p_filter end, '{}'
  );
  v_limit integer := least(greatest(coalesce(p_limit, 50), 1), 200);
  v_bounds text := public.ai_request_bounds(v_filter, p_cursor);
  v_conditions text := public.ai_request_conditions(v_filter);
  v_ids uuid[];
  v_requests jsonb;
  v_next text;
begin
  -- Literals, so that Postgres plans for these values: an index on a user or a key, or the order of time.
  execute format(
    'select array_agg(id order by created_at desc, id desc) from (
       select id, created_at from (
         select * from public.ai_chat_usage turn where %1$s order by created_at desc, id desc limit %3$s
       ) as newest where %2$s order by created_at desc, id desc limit %4$s
     ) as page',
    v_bounds, v_conditions, v_looked_at, v_limit + 1
  ) into v_ids;

  select jsonb_agg(public.ai_request_json(turn) order by turn.created_at desc, turn.id desc) into v_requests
    from public.ai_chat_usage turn where turn.id = any(v_ids[1:v_limit]);
  if cardinality(v_ids) > v_limit then
    v_next := (select public.ai_request_cursor(created_at, id) from public.ai_chat_usage where id = v_ids[v_limit]);
  elsif v_conditions <> 'true' then
    -- Where it stopped looking, if it did.
    execute format(
      'select public.ai_request_cursor(created_at, id) from (
         select created_at, id from public.ai_chat_usage turn where %1$s order by created_at desc, id desc limit %2$s
       ) as newest offset %2$s - 1', v_bounds, v_looked_at
    ) into v_next;
  end if;
  return jsonb_build_object('requests', coalesce(v_requests, '[]'), 'nextCursor', v_next);
end;
$$;

-- Where in the ledger these requests are, as a condition that an index finds: see admin_requests.
create or replace function public.ai_request_bounds(p_filter jsonb, p_cursor text) returns text
language plpgsql stable set search_path = '' as $$
declare
  v_bounds text[] := '{true}';
  v_name text;
  v_at timestamptz;
begin
  if jsonb_typeof(p_filter) is distinct from 'object' then
    raise exception 'a filter is an object' using errcode = '22023';
  end if;
  for v_name in select jsonb_object_keys(p_filter) loop
    if v_name not in (
      'status', 'mode', 'provider', 'model', 'user', 'key', 'route', 'from', 'to', 'minCost', 'maxCost', 'unknownCost'
    ) then
      raise exception 'unknown filter %', left(v_name, 64) using errcode = '22023';
    end if;
  end loop;
  if p_filter ->> 'user' is not null then
    v_bounds := v_bounds || format('user_id = %L::uuid', (p_filter ->> 'user')::uuid);
  end if;
  if p_filter ->> 'key' is not null then
    v_bounds := v_bounds || format('key_id = %L::uuid', (p_filter ->> 'key')::uuid);
  end if;
  -- All but the usual end have an index of their own, see ai_chat_usage_ended_badly.
  if p_filter ->> 'status' in ('failed', 'cancelled', 'interrupted', 'started') then
    v_bounds := v_bounds || format('status = %L', p_filter ->> 'status');
  end if;
  if p_filter ->> 'from' is not null then
    v_bounds := v_bounds || format('created_at >= %L::timestamptz', (p_filter ->> 'from')::timestamptz);
  end if;
  if p_filter ->> 'to' is not null then
    v_bounds := v_bounds || format('created_at < %L::timestamptz', (p_filter ->> 'to')::timestamptz);
  end if;
  if p_cursor is not null then
    if p_cursor !~ '^-?[0-9]{1,18}_[0-9a-f-]{36}$' then
      raise exception 'not a cursor' using errcode = '22023';
    end if;
    v_at := 'epoch'::timestamptz + split_part(p_cursor, '_', 1)::bigint * interval '1 microsecond';
    v_bounds := v_bounds || format(
      'created_at <= %1$L::timestamptz and (created_at, id) < (%1$L::timestamptz, %2$L::uuid)',
      v_at, split_part(p_cursor, '_', 2)::uuid
    );
  end if;
  return array_to_string(v_bounds, ' and ');
end;
$$;

-- What else these requests have to be, as a condition on each of them; 'true' if nothing.
create or replace function public.ai_request_conditions(p_filter jsonb) returns text
language plpgsql immutable set search_path = '' as $$
declare
  v_conditions text[] := '{true}';
  v_column text[];
begin
  foreach v_column slice 1 in array array[
    ['status', 'status'], ['mode', 'tier'], ['provider', 'backend'], ['model', 'model'], ['route', 'route']
  ] loop
    if p_filter ->> v_column[1] is not null then
      v_conditions := v_conditions || format('%I = %L', v_column[2], p_filter ->> v_column[1]);
    end if;
  end loop;
  if p_filter ->> 'minCost' is not null then
    v_conditions := v_conditions || format('cost_usd >= %L::numeric', (p_filter ->> 'minCost')::numeric);
  end if;
  if p_filter ->> 'maxCost' is not null then
    v_conditions := v_conditions || format('cost_usd <= %L::numeric', (p_filter ->> 'maxCost')::numeric);
  end if;
  if p_filter ->> 'unknownCost' is not null then
    v_conditions := v_conditions || case when (p_filter ->> 'unknownCost')::boolean
      then 'cost_usd is null and status <> ''started''' else 'cost_usd is not null' end;
  end if;
  return array_to_string(v_conditions, ' and ');
end;
$$;

-- Microseconds, and the id for what happened in the same one.
create or replace function public.ai_request_cursor(p_at timestamptz, p_id uuid) returns text
language sql immutable set search_path = '' as $$
  select (extract(epoch from p_at) * 1000000)::bigint || '_' || p_id;
$$;

-- How long a turn took, milliseconds: until its last call of an engine ended, since the row may be stored much later
-- (in a batch, after an outage). Turns whose attempts do not say when they began: until their end was stored. What the
-- gateway asked on the side counts only if something came after it. Null while it runs.
create or replace function public.ai_request_ms(p_turn public.ai_chat_usage) returns numeric
language sql stable set search_path = '' as $$
  select case when p_turn.settled_at is not null then coalesce(
    (
      select max(public.ai_number(call -> 'started_ms', 0, 2147483647) + public.ai_number(call -> 'latency_ms', 0, 2147483647))
      from jsonb_array_elements(p_turn.attempts) as call
      where call #> '{meta,question}' is distinct from 'true'
    ),
    greatest(extract(epoch from p_turn.settled_at - p_turn.created_at) * 1000, 0)
  ) end;
$$;

-- A turn as the log of requests shows it.
create or replace function public.ai_request_json(p_turn public.ai_chat_usage) returns jsonb
language sql stable security definer set search_path = '' as $$
  select jsonb_build_object(
    'id', p_turn.id, 'createdAt', p_turn.created_at, 'settledAt', p_turn.settled_at,
    'durationMs', round(public.ai_request_ms(p_turn)),
    'route', p_turn.route, 'mode', p_turn.tier, 'status', p_turn.status, 'delivered', p_turn.delivered,
    'provider', p_turn.backend, 'model', p_turn.model, 'promptTokens', p_turn.prompt_tokens,
    'cachedTokens', p_turn.cached_tokens, 'completionTokens', p_turn.completion_tokens,
    'servedTokens', p_turn.served_tokens, 'billableTokens', p_turn.billable_tokens, 'costUsd', p_turn.cost_usd,
    'usageSource', p_turn.usage_source,
    'attempts', coalesce(jsonb_array_length(p_turn.attempts), (
      select count(*)::integer from public.ai_events where request_id = p_turn.id and event_type = 'attempt'
    )),
    'user', (
      select jsonb_build_object('id', p_turn.user_id, 'email', (select email from auth.users where id = p_turn.user_id))
      where p_turn.user_id is not null
    ),
    'key', (
      select jsonb_build_object('id', p_turn.key_id, 'name', (select name from public.gateway_keys where id = p_turn.key_id))
      where p_turn.key_id is not null
    )
  );
$$;

-- One turn: a request as above and {attempts: [attempt], toolCalls: [call]}; null if there is none.
--
-- attempt: {
--   provider, model, keyIndex, outcome, httpStatus, reason, problem, startedMs, latencyMs, firstTokenMs, tokensOut,
--   usage: null | {promptTokens, cachedTokens, cacheWriteTokens, completionTokens, reasoningTokens, source, billed,
--                  costUsd, listUsd, cachedSavingsUsd}
-- }
-- call: { source, status, latencyMs, tool, reason, httpStatus }
create or replace function public.admin_request(p_id uuid) returns jsonb
language plpgsql stable security definer set search_path = '' set statement_timeout = '2s' as $$
declare
  v_turn public.ai_chat_usage;
  v_attempts jsonb;
begin
  select * into v_turn from public.ai_chat_usage where id = p_id;
  if not found then
    return null;
  end if;
  v_attempts := coalesce(v_turn.attempts, (
    -- From before 012, or inserted by hand. The first hundred, as in a turn's row.
    select jsonb_agg(to_jsonb(event) order by event.created_at, event.meta -> 'attempt', event.id)
    from (
      select * from public.ai_events where request_id = p_id and event_type = 'attempt' order by created_at, id limit 100
    ) as event
  ), '[]');
  return public.ai_request_json(v_turn) || jsonb_build_object(
    'attempts', (
      select coalesce(jsonb_agg(jsonb_build_object(
        'provider', call -> 'backend', 'model', call -> 'model_id', 'keyIndex', call -> 'key_index',
        'outcome', call -> 'status', 'httpStatus', call #> '{meta,httpStatus}', 'reason', call #> '{meta,reason}',
        'problem', call #> '{meta,problem}', 'startedMs', call -> 'started_ms', 'latencyMs', call -> 'latency_ms',
        'firstTokenMs', call -> 'first_token_ms', 'tokensOut', call -> 'tokens_out',
        'usage', case when call ->> 'usage_source' is not null then jsonb_build_object(
          'promptTokens', call -> 'prompt_tokens', 'cachedTokens', call -> 'cached_tokens',
          'cacheWriteTokens', call -> 'cache_write_tokens', 'completionTokens', call -> 'completion_tokens',
          'reasoningTokens', call -> 'reasoning_tokens', 'source', call -> 'usage_source',
          'billed', call -> 'billed', 'costUsd', call -> 'cost_usd', 'listUsd', call -> 'list_usd',
          'cachedSavingsUsd', call -> 'cached_savings_usd'
        ) end
      ) order by place), '[]')
      from jsonb_array_elements(v_attempts) with ordinality as attempt (call, place)
    ),
    'toolCalls', (
      select coalesce(jsonb_agg(jsonb_build_object(
        'source', event.backend, 'status', event.status, 'latencyMs', event.latency_ms,
        'tool', event.meta -> 'tool', 'reason', event.meta -> 'reason', 'httpStatus', event.meta -> 'httpStatus'
      ) order by event.created_at, event.meta -> 'call', event.id), '[]')
      from (
        select * from public.ai_events where request_id = p_id and event_type = 'tool' order by created_at, id limit 100
      ) as event
    )
  );
end;
$$;

-- What went wrong is found without a look at everything else, and so are turns whose attempts are in the log only. The
-- first is written for such turns alone, the second never by a gateway of 012 or later.
create index if not exists ai_chat_usage_ended_badly on public.ai_chat_usage (created_at desc, id desc)
  where status in ('failed', 'cancelled', 'interrupted');
create index if not exists ai_chat_usage_without_attempts on public.ai_chat_usage (created_at)
  where attempts is null and status <> 'started';

-- Retention ---------------------------------------------------------------------------------------

-- Since when rows are kept that are kept for so many days; null if for ever. At least the UTC day that runs.
create or replace function public.ai_kept_from(p_days integer) returns timestamptz
language sql stable set search_path = '' as $$
  select case when p_days > 0 then
    least(now() - make_interval(days => least(p_days, 36500)), date_trunc('day', now(), 'UTC')) end;
$$;

-- Deletes the oldest events and turns, at most p_batch of each, when they are in the figures; null or 0 days keep
-- them for ever. Also figures by the hour after 35 days and by the day after 1,100. Returns {events, usage, more}:
-- `more` says that another call has something to do; pause between calls.
--
-- One at a time over all gateways, by rows that nobody holds. Never taken: a turn that has not ended, the UTC day
-- that runs, and turns of a gateway key in the UTC month that runs, which its budget counts.
create or replace function public.prune_ledger(p_events_days integer, p_usage_days integer, p_batch integer default 5000)
returns jsonb
language plpgsql volatile security definer set search_path = '' set statement_timeout = '30s' set jit = off as $$
declare
  v_batch integer := least(greatest(coalesce(p_batch, 5000), 1), 50000);
  v_events_until timestamptz := public.ai_kept_from(p_events_days);
  v_usage_until timestamptz := public.ai_kept_from(p_usage_days);
  v_month timestamptz := date_trunc('month', now(), 'UTC');
  v_hours_until timestamptz := date_trunc('day', now(), 'UTC') - interval '35 days';
  v_days_until timestamptz := date_trunc('day', now(), 'UTC') - interval '1100 days';
  v_folded jsonb;
  v_events integer;
  v_usage integer;
  v_calls_figures integer;
  v_usage_figures integer;
begin
  if not pg_try_advisory_xact_lock(hashtextextended('ai_prune', 0)) then
    return jsonb_build_object('events', 0, 'usage', 0, 'more', false);
  end if;
  v_folded := public.fold_figures(v_batch);
  if exists (select 1 from public.ai_figures_state where events_before is not null or usage_before is not null) then
    -- First of all rows into the figures.
    return jsonb_build_object('events', 0, 'usage', 0, 'more', true);
  end if;

  delete from public.ai_events where id = any(array(
    select id from public.ai_events where created_at < v_events_until
    order by created_at limit v_batch for update skip locked
  ));
  get diagnostics v_events = row_count;
  delete from public.ai_chat_usage where id = any(array(
    select id from public.ai_chat_usage
    where created_at < v_usage_until and status <> 'started' and (key_id is null or created_at < v_month)
    order by created_at limit v_batch for update skip locked
  ));
  get diagnostics v_usage = row_count;

  -- From now on windows that begin earlier begin with a whole hour, or a whole day.
  update public.ai_figures_state set
    events_from = greatest(events_from, v_events_until),
    usage_from = greatest(usage_from, v_usage_until),
    hours_from = greatest(hours_from, v_hours_until)
  where events_from < v_events_until or usage_from < v_usage_until or hours_from < v_hours_until;
  delete from public.ai_call_figures where ctid = any(array(
    select ctid from public.ai_call_figures
    where grain = 'hour' and start < v_hours_until or grain = 'day' and start < v_days_until limit v_batch
  ));
  get diagnostics v_calls_figures = row_count;
  delete from public.ai_usage_figures where ctid = any(array(
    select ctid from public.ai_usage_figures
    where grain = 'hour' and start < v_hours_until or grain = 'day' and start < v_days_until limit v_batch
  ));
  get diagnostics v_usage_figures = row_count;

  return jsonb_build_object('events', v_events, 'usage', v_usage, 'more',
    v_batch in (v_events, v_usage, v_calls_figures, v_usage_figures) or (v_folded ->> 'more')::boolean
  );
end;
$$;

-- Grants ------------------------------------------------------------------------------------------
-- Functions are executable by PUBLIC unless that is taken away.

revoke all on function public.ai_number(jsonb, numeric, numeric) from public, anon, authenticated, service_role;
revoke all on function public.ai_turn_parts(text, text, text, jsonb, bigint, bigint, bigint, numeric, text)
  from public, anon, authenticated, service_role;
revoke all on function public.ai_note_calls() from public, anon, authenticated, service_role;
revoke all on function public.ai_note_turns() from public, anon, authenticated, service_role;
revoke all on function public.ai_note_changed_turns() from public, anon, authenticated, service_role;
revoke all on function public.ai_latency_bucket(integer) from public, anon, authenticated, service_role;
revoke all on function public.ai_bucket_ms(bigint) from public, anon, authenticated, service_role;
revoke all on function public.ai_add_histograms(bigint[], bigint[]) from public, anon, authenticated, service_role;
revoke all on function public.ai_note_older(integer) from public, anon, authenticated, service_role;
revoke all on function public.fold_figures(integer) from public, anon, authenticated, service_role;
revoke all on function public.ai_window(timestamptz, timestamptz, timestamptz, timestamptz)
  from public, anon, authenticated, service_role;
revoke all on function public.ai_calls_between(timestamptz, timestamptz) from public, anon, authenticated, service_role;
revoke all on function public.ai_latencies_between(timestamptz, timestamptz, boolean)
  from public, anon, authenticated, service_role;
revoke all on function public.ai_percentiles(anyarray) from public, anon, authenticated, service_role;
revoke all on function public.ai_usage_between(timestamptz, timestamptz) from public, anon, authenticated, service_role;
revoke all on function public.ai_cost_period(timestamptz, timestamptz) from public, anon, authenticated, service_role;
revoke all on function public.ai_modes_between(timestamptz, timestamptz) from public, anon, authenticated, service_role;
revoke all on function public.admin_health(integer, timestamptz) from public, anon, authenticated, service_role;
revoke all on function public.admin_requests(jsonb, text, integer) from public, anon, authenticated, service_role;
revoke all on function public.ai_request_bounds(jsonb, text) from public, anon, authenticated, service_role;
revoke all on function public.ai_request_conditions(jsonb) from public, anon, authenticated, service_role;
revoke all on function public.ai_request_cursor(timestamptz, uuid) from public, anon, authenticated, service_role;
revoke all on function public.ai_request_ms(public.ai_chat_usage) from public, anon, authenticated, service_role;
revoke all on function public.ai_request_json(public.ai_chat_usage) from public, anon, authenticated, service_role;
revoke all on function public.admin_request(uuid) from public, anon, authenticated, service_role;
revoke all on function public.ai_kept_from(integer) from public, anon, authenticated, service_role;
revoke all on function public.prune_ledger(integer, integer, integer) from public, anon, authenticated, service_role;
grant execute on function public.fold_figures(integer) to service_role;
grant execute on function public.admin_health(integer, timestamptz) to service_role;
grant execute on function public.admin_requests(jsonb, text, integer) to service_role;
grant execute on function public.admin_request(uuid) to service_role;
grant execute on function public.prune_ledger(integer, integer, integer) to service_role;

-- Which version a database has --------------------------------------------------------------------

create or replace function public.sarmalink_schema_version() returns integer
language sql immutable set search_path = '' as $$ select 19 $$;

revoke all on function public.sarmalink_schema_version() from public, anon, authenticated, service_role;
grant execute on function public.sarmalink_schema_version() to authenticated, service_role;

notify pgrst, 'reload schema';
