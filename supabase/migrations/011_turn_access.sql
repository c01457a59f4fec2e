-- Who may call the writers of a turn.
--
-- Without a service role key the gateway calls begin_turn and settle_turn with the user's own credentials, so
-- users may call them too. A gateway that has the key calls close_turns_to_users at its start: from then on
-- only the service role may. Migrations that are applied again respect that.

-- One row, or none: users may call them.
create table if not exists public.ai_turn_access (
  id boolean primary key default true check (id),
  users_may_call boolean not null,
  changed_at timestamptz not null default now()
);

alter table public.ai_turn_access enable row level security;
revoke all on table public.ai_turn_access from public, anon, authenticated, service_role;

-- Grants, or takes away, what ai_turn_access says.
create or replace function public.ai_apply_turn_access() returns void
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_begin constant text := 'public.begin_turn(uuid, text, text, integer, uuid, text, uuid)';
  v_settle constant text := 'public.settle_turn(uuid, text, text, boolean, text, text, bigint, bigint, bigint, '
    'numeric, text, text, text, jsonb, uuid)';
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

-- For the gateway, at its start. Harmless when repeated.
create or replace function public.close_turns_to_users() returns void
language plpgsql volatile security definer set search_path = '' as $$
begin
  insert into public.ai_turn_access as access (users_may_call) values (false)
    on conflict (id) do update set users_may_call = false, changed_at = now() where access.users_may_call;
  perform public.ai_apply_turn_access();
end;
$$;

-- For the operator, in the SQL editor, after the service role key has been taken from every gateway.
create or replace function public.open_turns_to_users() returns void
language plpgsql volatile security definer set search_path = '' as $$
begin
  insert into public.ai_turn_access as access (users_may_call) values (true)
    on conflict (id) do update set users_may_call = true, changed_at = now() where not access.users_may_call;
  perform public.ai_apply_turn_access();
end;
$$;

-- Functions are executable by PUBLIC unless that is taken away.
revoke all on function public.ai_apply_turn_access() from public, anon, authenticated, service_role;
revoke all on function public.close_turns_to_users() from public, anon, authenticated, service_role;
revoke all on function public.open_turns_to_users() from public, anon, authenticated, service_role;
grant execute on function public.close_turns_to_users() to service_role;

-- 001, applied again, has granted them to users.
select public.ai_apply_turn_access();

-- Which version a database has --------------------------------------------------------------------

-- The number of the newest migration: each later one ends with this function, and its own number. Nothing
-- secret: the gateway asks at its start.
create or replace function public.sarmalink_schema_version() returns integer
language sql immutable set search_path = '' as $$ select 11 $$;

revoke all on function public.sarmalink_schema_version() from public, anon, authenticated, service_role;
grant execute on function public.sarmalink_schema_version() to authenticated, service_role;

notify pgrst, 'reload schema';
