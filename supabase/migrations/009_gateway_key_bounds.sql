-- Bounds on gateway keys: their limits, what they have spent, how many a user keeps and a list shows.

-- Mending -----------------------------------------------------------------------------------------
-- Rows of before that break a check below are mended first, so that the checks hold for all rows.

-- A budget that is no number never limited anything: it becomes the largest one.
update public.gateway_keys set usd_per_month = 1000000000
  where usd_per_month > 1000000000 or scale(usd_per_month) > 40;
update public.gateway_keys
  set modes = (select array_agg(left(mode, 64)) from unnest(modes[1:50]) as mode)
  where cardinality(modes) > 50 or octet_length(modes::text) > 8192;

delete from public.gateway_key_spend where not isfinite(month);
-- What a key has spent is in the ledger too, which 006 has mended.
update public.gateway_key_spend spend set usd = coalesce((
    select least(sum(usage.cost_usd), 1000000000000) from public.ai_chat_usage usage
    where usage.key_id = spend.key_id
      and date_trunc('month', usage.created_at at time zone 'UTC')::date = spend.month
  ), 0)
  where usd > 1000000000000 or scale(usd) > 40;

-- Checks ------------------------------------------------------------------------------------------

alter table public.gateway_keys
  drop constraint if exists gateway_keys_budget_bounds,
  drop constraint if exists gateway_keys_modes_size;
alter table public.gateway_keys
  add constraint gateway_keys_budget_bounds check (usd_per_month <= 1000000000 and scale(usd_per_month) <= 40),
  add constraint gateway_keys_modes_size check (cardinality(modes) <= 50 and octet_length(modes::text) <= 8192);

alter table public.gateway_key_spend
  drop constraint if exists gateway_key_spend_bounds;
alter table public.gateway_key_spend
  add constraint gateway_key_spend_bounds check (usd <= 1000000000000 and isfinite(month));

-- Making and listing keys -------------------------------------------------------------------------

-- As in 003. Of the revoked keys of a user the newest 500 are kept, as many as a list shows, so that keys
-- which are made and revoked in a loop do not grow without end. The ledger keeps the ids of all.
create or replace function public.create_gateway_key(
  p_name text,
  p_key_hash text,
  p_prefix text,
  p_requests_per_minute integer,
  p_usd_per_month numeric,
  p_modes text[],
  p_user_id uuid
) returns jsonb
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_key public.gateway_keys;
begin
  -- Two keys made at once would each count 99 others.
  perform pg_advisory_xact_lock(hashtextextended('gateway_keys:' || p_user_id::text, 0));
  if (select count(*) from public.gateway_keys where user_id = p_user_id and revoked_at is null) >= 100 then
    raise exception 'too many live keys' using errcode = 'PT409';
  end if;
  delete from public.gateway_keys where id in (
    select id from public.gateway_keys
    where user_id = p_user_id and revoked_at is not null
    order by revoked_at desc, id
    offset 500
  );
  insert into public.gateway_keys (name, key_hash, prefix, requests_per_minute, usd_per_month, modes, user_id)
  values (p_name, p_key_hash, p_prefix, p_requests_per_minute, p_usd_per_month, p_modes, p_user_id)
  returning * into v_key;
  return to_jsonb(v_key) - 'key_hash' - 'user_id' - 'seeded';
end;
$$;

-- The user's keys, live ones first, each with `spent_usd_this_month` (UTC); at most 600.
create or replace function public.list_gateway_keys(p_user_id uuid) returns jsonb
language sql stable security definer set search_path = '' as $$
  select coalesce(jsonb_agg(listed.key order by listed.place), '[]'::jsonb)
  from (
    select
      to_jsonb(owned) - 'key_hash' - 'user_id' - 'seeded'
        || jsonb_build_object('spent_usd_this_month', coalesce(spend.usd, 0)) as key,
      row_number() over (order by owned.revoked_at desc nulls first, owned.created_at desc, owned.id) as place
    from public.gateway_keys owned
    left join public.gateway_key_spend spend
      on spend.key_id = owned.id and spend.month = date_trunc('month', now() at time zone 'UTC')::date
    where owned.user_id = p_user_id
    order by place
    limit 600
  ) as listed;
$$;

-- Functions are executable by PUBLIC unless that is taken away.
revoke all on function public.create_gateway_key(text, text, text, integer, numeric, text[], uuid)
  from public, anon, authenticated, service_role;
revoke all on function public.list_gateway_keys(uuid) from public, anon, authenticated, service_role;
grant execute on function public.create_gateway_key(text, text, text, integer, numeric, text[], uuid) to service_role;
grant execute on function public.list_gateway_keys(uuid) to service_role;

notify pgrst, 'reload schema';
