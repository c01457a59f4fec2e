-- Bounds on what the ledger, the attempt log and the quota counters take, whoever writes.
--
-- A limit that stands here stands in lib/services/turn-bounds.ts as well: the gateway keeps to it by itself,
-- so that no turn that was billed is refused.

-- Mending -----------------------------------------------------------------------------------------
-- Rows of before that break a check below are mended first, so that the checks hold for all rows. NaN and
-- Infinity are larger than every number to Postgres, so an upper bound finds them.

-- A cost that cannot be is unknown; texts are cut, counts are lowered to the bound, an invented mode is
-- 'unknown'.
update public.ai_chat_usage set
  tier = case when tier ~ '^[A-Za-z0-9][A-Za-z0-9._:/-]{0,63}$' then tier else 'unknown' end,
  model = left(model, 200),
  backend = left(backend, 100),
  prompt_tokens = least(prompt_tokens, 1000000000),
  completion_tokens = least(completion_tokens, 1000000000),
  cached_tokens = least(cached_tokens, 1000000000),
  cost_usd = case when cost_usd <= 1000000 then round(cost_usd, 12) end,
  created_at = case when isfinite(created_at) then created_at else coalesce(settled_at, now()) end,
  quota_day = case when isfinite(quota_day) then quota_day else (now() at time zone 'UTC')::date end
where tier !~ '^[A-Za-z0-9][A-Za-z0-9._:/-]{0,63}$'
  or char_length(model) > 200 or char_length(backend) > 100
  or prompt_tokens > 1000000000 or completion_tokens > 1000000000 or cached_tokens > 1000000000
  or cost_usd > 1000000 or scale(cost_usd) > 40
  or not isfinite(created_at) or not isfinite(quota_day);

update public.ai_events set
  event_type = coalesce(nullif(left(event_type, 64), ''), 'unknown'),
  model_id = left(model_id, 200),
  backend = left(backend, 100),
  status = left(status, 64),
  key_index = case when key_index between 0 and 10000 then key_index end,
  latency_ms = greatest(latency_ms, 0),
  tokens_out = least(greatest(tokens_out, 0), 1000000000),
  meta = case
    when jsonb_typeof(meta) = 'object' and octet_length(meta::text) <= 4096 then meta else '{"trimmed": true}' end
where char_length(event_type) not between 1 and 64
  or char_length(model_id) > 200 or char_length(backend) > 100 or char_length(status) > 64
  or key_index not between 0 and 10000 or latency_ms < 0 or tokens_out not between 0 and 1000000000
  or jsonb_typeof(meta) <> 'object' or octet_length(meta::text) > 4096;

-- A counter of an invented mode limits nothing.
delete from public.ai_quota_counters
  where tier !~ '^[A-Za-z0-9][A-Za-z0-9._:/-]{0,63}$' or not isfinite(day);

-- Checks ------------------------------------------------------------------------------------------

alter table public.ai_chat_usage
  drop constraint if exists ai_chat_usage_tier_form,
  drop constraint if exists ai_chat_usage_name_lengths,
  drop constraint if exists ai_chat_usage_token_bounds,
  drop constraint if exists ai_chat_usage_cost_bounds,
  drop constraint if exists ai_chat_usage_finite_times;
alter table public.ai_chat_usage
  add constraint ai_chat_usage_tier_form check (tier ~ '^[A-Za-z0-9][A-Za-z0-9._:/-]{0,63}$'),
  add constraint ai_chat_usage_name_lengths check (char_length(model) <= 200 and char_length(backend) <= 100),
  add constraint ai_chat_usage_token_bounds check (
    prompt_tokens <= 1000000000 and completion_tokens <= 1000000000 and cached_tokens <= 1000000000
  ),
  add constraint ai_chat_usage_cost_bounds check (cost_usd <= 1000000 and scale(cost_usd) <= 40),
  add constraint ai_chat_usage_finite_times check (isfinite(created_at) and isfinite(quota_day));

alter table public.ai_events
  drop constraint if exists ai_events_text_lengths,
  drop constraint if exists ai_events_number_bounds,
  drop constraint if exists ai_events_meta_size;
alter table public.ai_events
  add constraint ai_events_text_lengths check (
    char_length(event_type) between 1 and 64 and char_length(model_id) <= 200
    and char_length(backend) <= 100 and char_length(status) <= 64
  ),
  add constraint ai_events_number_bounds check (
    key_index between 0 and 10000 and latency_ms >= 0 and tokens_out between 0 and 1000000000
  ),
  add constraint ai_events_meta_size check (jsonb_typeof(meta) = 'object' and octet_length(meta::text) <= 4096);

alter table public.ai_quota_counters
  drop constraint if exists ai_quota_counters_tier_form,
  drop constraint if exists ai_quota_counters_finite_day;
alter table public.ai_quota_counters
  add constraint ai_quota_counters_tier_form check (tier ~ '^[A-Za-z0-9][A-Za-z0-9._:/-]{0,63}$'),
  add constraint ai_quota_counters_finite_day check (isfinite(day));

-- Attempts of a turn ------------------------------------------------------------------------------

-- The first 100 of these attempts. A single value stands for a list of one; what is no list of objects is
-- refused where it is read.
create or replace function public.ai_bounded_attempts(p_attempts jsonb) returns jsonb
language sql immutable set search_path = '' as $$
  select jsonb_path_query_array(coalesce(p_attempts, '[]'::jsonb), '$[0 to 99]');
$$;

revoke all on function public.ai_bounded_attempts(jsonb) from public, anon, authenticated, service_role;

notify pgrst, 'reload schema';
