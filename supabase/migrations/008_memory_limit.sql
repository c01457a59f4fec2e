-- How many memories a user keeps. Those of before are their user's own: none is taken away.

-- A user keeps 30 facts. One more is refused (PT409): which one to give up is the user's choice.
create or replace function public.ai_cap_memories() returns trigger
language plpgsql volatile security definer set search_path = '' as $$
begin
  -- Two facts added at once would each count 29 others.
  perform pg_advisory_xact_lock(hashtextextended('ai_user_memories:' || new.user_id::text, 0));
  if (select count(*) from public.ai_user_memories where user_id = new.user_id) >= 30 then
    raise exception 'a user keeps at most 30 memories' using errcode = 'PT409';
  end if;
  return new;
end;
$$;

create or replace trigger ai_user_memories_cap before insert on public.ai_user_memories
  for each row execute function public.ai_cap_memories();

revoke all on function public.ai_cap_memories() from public, anon, authenticated, service_role;

notify pgrst, 'reload schema';
