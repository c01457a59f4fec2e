-- Who recorded a turn.
--
-- 'service': a gateway with the service role began and ended it. 'user': it was written with a user's own
-- credentials, which the user could use without a gateway; its figures are only as good as the user's word.
-- Set by the functions from the caller's role, never from an argument.

do $$
begin
  if not exists (
    select 1 from pg_catalog.pg_attribute
    where attrelid = 'public.ai_chat_usage'::regclass and attname = 'recorded_by' and not attisdropped
  ) then
    alter table public.ai_chat_usage add column recorded_by text not null default 'user';
    -- Turns without a session come from record_turns, and only the service role sets a key.
    update public.ai_chat_usage set recorded_by = 'service' where session_id is null or key_id is not null;
  end if;
end;
$$;

alter table public.ai_chat_usage drop constraint if exists ai_chat_usage_recorded_by;
alter table public.ai_chat_usage
  add constraint ai_chat_usage_recorded_by check (recorded_by in ('service', 'user'));

grant select (recorded_by) on table public.ai_chat_usage to authenticated, service_role;

-- 'service' or 'user', by the role of whoever calls.
create or replace function public.ai_turn_recorder() returns text
language sql stable security definer set search_path = '' as $$
  select case when coalesce(auth.role(), '') = 'service_role' then 'service' else 'user' end;
$$;

revoke all on function public.ai_turn_recorder() from public, anon, authenticated, service_role;

notify pgrst, 'reload schema';
