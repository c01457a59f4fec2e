-- What was used today, in one call: GET /api/v1/quota.

-- Turns counted in the current UTC day, by mode: of one user, and of all users together. p_user_id: the caller, or
-- whom the service role names (see ai_turn_owner).
--
-- Returns {day, user: {tier: used}, company: {tier: used}}. PT404: no such user.
create or replace function public.quota_today(p_user_id uuid default null) returns jsonb
language plpgsql stable security definer set search_path = '' as $$
declare
  v_user uuid := public.ai_turn_owner(p_user_id);
  v_day date := (now() at time zone 'UTC')::date;
begin
  if not exists (select 1 from auth.users where id = v_user) then
    raise exception 'no such user' using errcode = 'PT404';
  end if;
  return jsonb_build_object(
    'day', v_day,
    'user', coalesce(
      (select jsonb_object_agg(tier, used) from public.ai_quota_counters where user_id = v_user and day = v_day), '{}'
    ),
    'company', coalesce(
      (select jsonb_object_agg(tier, used) from public.ai_capacity_counters where day = v_day), '{}'
    )
  );
end;
$$;

-- Functions are executable by PUBLIC unless that is taken away.
revoke all on function public.quota_today(uuid) from public, anon, authenticated, service_role;
grant execute on function public.quota_today(uuid) to authenticated, service_role;

create or replace function public.sarmalink_schema_version() returns integer
language sql immutable set search_path = '' as $$ select 18 $$;

revoke all on function public.sarmalink_schema_version() from public, anon, authenticated, service_role;
grant execute on function public.sarmalink_schema_version() to authenticated, service_role;

notify pgrst, 'reload schema';
