-- The operator's figures over time, for charts.

-- Latencies of the calls that succeeded in a window, and times to the first content of all that had one, of all
-- providers together: how many calls in each bucket of ai_latency_bucket. As ai_latencies_between (019) reads them.
create or replace function public.ai_histograms_between(p_from timestamptz, p_to timestamptz)
returns table (kind text, bucket bigint, calls bigint)
language plpgsql stable security definer set search_path = '' as $$
declare
  w record;
begin
  select edges.* into w from public.ai_figures_state state
    cross join lateral public.ai_window(p_from, p_to, state.events_from, state.hours_from) edges;
  return query
  with histograms as (
    select figure.outcome, figure.latencies, figure.first_tokens from public.ai_call_figures figure
      where figure.grain = 'day' and figure.start >= w.d1 and figure.start < w.d2 and figure.event_type = 'attempt'
    union all
    select figure.outcome, figure.latencies, figure.first_tokens from public.ai_call_figures figure
      where figure.grain = 'hour' and figure.start >= w.h1 and figure.start < w.d1 and figure.event_type = 'attempt'
    union all
    select figure.outcome, figure.latencies, figure.first_tokens from public.ai_call_figures figure
      where figure.grain = 'hour' and figure.start >= w.d2 and figure.start < w.h2 and figure.event_type = 'attempt'
  ), single as (
    select note.outcome, note.latencies, note.first_tokens from public.ai_call_notes note
      where note.hour >= w.h1 and note.hour < w.h2 and note.event_type = 'attempt'
    union all
    select coalesce(event.status, ''), array[event.latency_ms], array[event.first_token_ms]
      from public.ai_events event
      where event.event_type = 'attempt' and event.created_at >= w.from_at and event.created_at < w.h1
    union all
    select coalesce(event.status, ''), array[event.latency_ms], array[event.first_token_ms]
      from public.ai_events event
      where event.event_type = 'attempt' and event.created_at >= w.h2 and event.created_at < w.to_at
  ), samples as (
    select 'latency' as kind, counted >> 32 as bucket, counted & 4294967295 as calls
      from histograms h cross join lateral unnest(h.latencies) as counted where h.outcome = 'ok'
    union all
    select 'first token', counted >> 32, counted & 4294967295
      from histograms h cross join lateral unnest(h.first_tokens) as counted
    union all
    select 'latency', public.ai_latency_bucket(value), 1
      from single s cross join lateral unnest(s.latencies) as value where s.outcome = 'ok' and value is not null
    union all
    select 'first token', public.ai_latency_bucket(value), 1
      from single s cross join lateral unnest(s.first_tokens) as value where value is not null
  )
  select s.kind, s.bucket, sum(s.calls)::bigint from samples s group by 1, 2;
end;
$$;

-- What GET /api/admin/series needs of the database: [now - window, now) in buckets that begin at multiples of
-- p_bucket_seconds (at least a minute, at most a day, and a divisor of a day; UTC). The first begins with the window,
-- the last ends with it. There are 400 at most.
--
-- {
--   from, to,
--   complete,                     -- as in admin_health
--   buckets: [{
--     start, end,
--     turns: {answered, rescued, failed, cancelled, interrupted},
--     failoverDepth,              -- mean of the turns that made a call; null without any
--     latencyMs: {p50, p95}, firstTokenMs: {p50, p95},            -- null where no call has one; at most 2.5 % off
--     costUsd, cachedSavingsUsd, unknownCalls
--   }],
--   spend: [{ day, provider, model, calls, costUsd, cachedSavingsUsd }]
-- }
--
-- Each bucket is read as admin_health reads its window, so that the buckets add up to what that says. A turn is
-- rescued if it was completed by more than one call. `spend` is by UTC day, as far as it is in the window; models
-- beyond the 20 that cost most in the window are one row a day, with provider and model null.
create or replace function public.admin_series(
  p_window_seconds integer, p_bucket_seconds integer, p_now timestamptz default null
) returns jsonb
language plpgsql stable security definer set search_path = '' set statement_timeout = '5s' set jit = off
  set max_parallel_workers_per_gather = 0 set work_mem = '32MB' as $$
declare
  v_models constant integer := 20;
  v_seconds integer := least(greatest(coalesce(p_window_seconds, 86400), 60), 34560000);
  v_step integer := least(greatest(coalesce(p_bucket_seconds, 3600), 60), 86400);
  v_to timestamptz := coalesce(p_now, now());
  v_from timestamptz := v_to - make_interval(secs => v_seconds);
  v_state public.ai_figures_state;
begin
  if 86400 % v_step <> 0 or v_seconds / v_step > 399 then
    raise exception 'buckets of % s do not fit a window of % s', v_step, v_seconds using errcode = '22023';
  end if;
  select * into v_state from public.ai_figures_state;
  return (
    with buckets as materialized (
      select greatest(edge, v_from) as start, least(edge + make_interval(secs => v_step), v_to) as ends
      from generate_series(
        date_bin(make_interval(secs => v_step), v_from, timestamptz '2000-01-01 00:00:00+00'),
        v_to, make_interval(secs => v_step)
      ) as edge
      where edge < v_to
    ), used as materialized (
      select bucket.start, part.status, part.depth, part.provider, part.model, part.billed, part.turns, part.calls,
             part.cost_usd, part.cached_savings_usd, part.unknown_calls
      from buckets bucket cross join lateral public.ai_usage_between(bucket.start, bucket.ends) as part
    ), turned as (
      select start, jsonb_build_object(
          'turns', jsonb_build_object(
            'answered', coalesce(sum(turns) filter (where status = 'completed' and depth <= 0), 0),
            'rescued', coalesce(sum(turns) filter (where status = 'completed' and depth > 0), 0),
            'failed', coalesce(sum(turns) filter (where status = 'failed'), 0),
            'cancelled', coalesce(sum(turns) filter (where status = 'cancelled'), 0),
            'interrupted', coalesce(sum(turns) filter (where status = 'interrupted'), 0)
          ),
          'failoverDepth', trim_scale(round(
            sum(depth * turns) filter (where depth >= 0) / nullif(sum(turns) filter (where depth >= 0), 0), 4
          )),
          'costUsd', trim_scale(sum(cost_usd)),
          'cachedSavingsUsd', trim_scale(coalesce(sum(cached_savings_usd) filter (where billed), 0)),
          'unknownCalls', sum(unknown_calls)
        ) as figures
      from used group by start
    ), samples as materialized (
      select bucket.start, counted.kind, counted.bucket, counted.calls
      from buckets bucket cross join lateral public.ai_histograms_between(bucket.start, bucket.ends) as counted
    ), running as (
      select start, kind, bucket,
             sum(calls) over (partition by start, kind order by bucket) as up_to,
             sum(calls) over (partition by start, kind) as total
      from samples
    ), latencies as (
      select start, kind, jsonb_build_object(
          'p50', public.ai_bucket_ms(min(bucket) filter (where up_to >= 0.5 * total)),
          'p95', public.ai_bucket_ms(min(bucket) filter (where up_to >= 0.95 * total))
        ) as percentiles
      from running group by start, kind
    ), spent as materialized (
      select date_trunc('day', start, 'UTC') as day, provider, model, sum(calls) as calls, sum(cost_usd) as cost_usd,
             coalesce(sum(cached_savings_usd) filter (where billed), 0) as cached_savings_usd
      from used group by 1, 2, 3 having sum(calls) > 0
    ), ranked as (
      select provider, model,
             row_number() over (order by sum(cost_usd) desc, sum(calls) desc, provider, model) as place
      from spent group by provider, model
    ), spend as (
      select day, case when place <= v_models then provider end as provider,
             case when place <= v_models then model end as model, least(place, v_models + 1) as place,
             sum(calls) as calls, sum(cost_usd) as cost_usd, sum(cached_savings_usd) as cached_savings_usd
      from spent join ranked using (provider, model) group by 1, 2, 3, 4
    )
    select jsonb_build_object(
      'from', v_from, 'to', v_to,
      'complete', v_state.events_before is null and v_state.usage_before is null,
      'buckets', coalesce((
        select jsonb_agg(
          jsonb_build_object(
            'start', buckets.start, 'end', ends,
            'turns', jsonb_build_object('answered', 0, 'rescued', 0, 'failed', 0, 'cancelled', 0, 'interrupted', 0),
            'failoverDepth', null, 'costUsd', 0, 'cachedSavingsUsd', 0, 'unknownCalls', 0,
            'latencyMs', coalesce(latency.percentiles, '{"p50": null, "p95": null}'),
            'firstTokenMs', coalesce(first_token.percentiles, '{"p50": null, "p95": null}')
          ) || coalesce(turned.figures, '{}') order by buckets.start
        )
        from buckets
        left join turned on turned.start = buckets.start
        left join latencies latency on latency.start = buckets.start and latency.kind = 'latency'
        left join latencies first_token on first_token.start = buckets.start and first_token.kind = 'first token'
      ), '[]'),
      'spend', coalesce((
        select jsonb_agg(jsonb_build_object(
          'day', to_char(day at time zone 'UTC', 'YYYY-MM-DD'), 'provider', provider, 'model', model, 'calls', calls,
          'costUsd', trim_scale(cost_usd), 'cachedSavingsUsd', trim_scale(cached_savings_usd)
        ) order by day, place) from spend
      ), '[]')
    )
  );
end;
$$;

-- Grants ------------------------------------------------------------------------------------------
-- Functions are executable by PUBLIC unless that is taken away.

revoke all on function public.ai_histograms_between(timestamptz, timestamptz)
  from public, anon, authenticated, service_role;
revoke all on function public.admin_series(integer, integer, timestamptz) from public, anon, authenticated, service_role;
grant execute on function public.admin_series(integer, integer, timestamptz) to service_role;

-- Which version a database has --------------------------------------------------------------------

create or replace function public.sarmalink_schema_version() returns integer
language sql immutable set search_path = '' as $$ select 23 $$;

revoke all on function public.sarmalink_schema_version() from public, anon, authenticated, service_role;
grant execute on function public.sarmalink_schema_version() to authenticated, service_role;

notify pgrst, 'reload schema';
