-- Tasks that are handed to Manus, and the webhook deliveries that were taken for them.
--
-- UPGRADING. Apply this file before or after the new gateway starts. Until it is there, tasks for Manus cannot be made;
-- nothing else depends on it.

create table if not exists public.manus_tasks (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null references auth.users (id) on delete cascade,
  -- The task's id at Manus.
  manus_id text not null unique check (char_length(manus_id) between 1 and 200),
  -- The conversation that the task was made in, if any.
  session_id uuid,
  prompt text not null check (char_length(prompt) between 1 and 20000),
  title text not null check (char_length(title) between 1 and 200),
  -- Where Manus shows the task.
  url text check (char_length(url) <= 2000),
  status text not null default 'pending'
    check (status in ('pending', 'running', 'waiting', 'completed', 'failed', 'stopped')),
  output text check (char_length(output) <= 200000),
  -- [{name, url, type?, bytes?}]: addresses are data, nothing fetches them.
  artifacts jsonb not null default '[]'
    check (jsonb_typeof(artifacts) = 'array' and octet_length(artifacts::text) <= 524288),
  error text check (char_length(error) <= 1000),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  -- When Manus was last asked for the state.
  checked_at timestamptz not null default now(),
  -- Since when the prompt that is being worked on was sent: older news says nothing about it.
  begun_at timestamptz not null default now(),
  -- Of when the state is.
  state_at timestamptz not null default '-infinity'
);

create index if not exists manus_tasks_user_created on public.manus_tasks (user_id, created_at desc);

-- A task can only belong to a conversation of its own user; it stays when the conversation is deleted.
do $$ begin
  if not exists (
    select from pg_constraint where conname = 'manus_tasks_session' and conrelid = 'public.manus_tasks'::regclass
  ) then
    alter table public.manus_tasks add constraint manus_tasks_session
      foreign key (session_id, user_id) references public.ai_chat_sessions (id, user_id)
      on delete set null (session_id);
  end if;
end $$;
create index if not exists manus_tasks_session_user on public.manus_tasks (session_id, user_id);

-- Deliveries of webhooks that were taken, so that the same one has no second effect. They go with their task, or after
-- 30 days.
create table if not exists public.manus_deliveries (
  task_id uuid not null references public.manus_tasks (id) on delete cascade,
  body_hash bytea not null check (octet_length(body_hash) = 32),
  taken_at timestamptz not null default now(),
  primary key (task_id, body_hash)
);
create index if not exists manus_deliveries_taken on public.manus_deliveries (taken_at);

-- Row level security and grants -------------------------------------------------------------------

alter table public.manus_tasks enable row level security;
alter table public.manus_deliveries enable row level security;

drop policy if exists manus_tasks_own on public.manus_tasks;
create policy manus_tasks_own on public.manus_tasks for select to authenticated
  using ((select auth.uid()) = user_id);

-- Nobody but the gateway says which task at Manus a row stands for: its state is asked with the operator's key.
revoke all on table public.manus_tasks, public.manus_deliveries from public, anon, authenticated, service_role;
grant select on table public.manus_tasks to authenticated, service_role;

-- The writers -------------------------------------------------------------------------------------

-- A row as the gateway reads it.
create or replace function public.manus_task_json(p_task public.manus_tasks) returns jsonb
language sql stable set search_path = '' as $$
  select to_jsonb(p_task) - array['user_id', 'begun_at', 'state_at'];
$$;

-- How far a state is: one that is further is never replaced by one that is less far, unless that is newer.
create or replace function public.manus_state_rank(p_status text) returns integer
language sql immutable set search_path = '' as $$
  select case p_status when 'pending' then 0 when 'running' then 1 when 'waiting' then 2 else 3 end;
$$;

-- Stores a task that Manus has taken. p_task: {user_id, manus_id, session_id, prompt, title, url}. A user keeps 200
-- tasks: a new one pushes out the oldest. PT409: there is such a task.
create or replace function public.manus_add_task(p_task jsonb) returns jsonb
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_task public.manus_tasks;
  v_user constant uuid := (p_task ->> 'user_id')::uuid;
begin
  perform pg_advisory_xact_lock(hashtextextended('manus_tasks:' || v_user::text, 0));
  insert into public.manus_tasks (user_id, manus_id, session_id, prompt, title, url, status)
  values (
    v_user, p_task ->> 'manus_id',
    -- The conversation may have been deleted meanwhile.
    (select id from public.ai_chat_sessions where id = (p_task ->> 'session_id')::uuid and user_id = v_user),
    left(p_task ->> 'prompt', 20000), left(p_task ->> 'title', 200), left(p_task ->> 'url', 2000), 'pending'
  )
  returning * into v_task;
  delete from public.manus_tasks where id in (
    select id from public.manus_tasks where user_id = v_user and id <> v_task.id
    order by created_at desc, id offset 199
  );
  return public.manus_task_json(v_task);
exception when unique_violation then
  raise exception 'this task is known' using errcode = 'PT409';
end;
$$;

-- Stores what is newly known of a task. p_news: {manus_id, status, at?, body_hash?, title?, url?, output?, artifacts?,
-- error?}. `at`: of when it is; absent if nobody knows. `body_hash`: of the delivery that it came with, in hexadecimal;
-- absent if Manus was asked.
--
-- News has no effect if its delivery was taken before, if it is from before the prompt that is being worked on, or if
-- it is behind the state: an end stays one, and another state is only replaced by one that is further or newer.
--
-- Returns the task as it is then; null if there is none.
create or replace function public.manus_apply_news(p_news jsonb) returns jsonb
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_task public.manus_tasks;
  v_at constant timestamptz := (p_news ->> 'at')::timestamptz;
  v_status constant text := p_news ->> 'status';
  v_rank constant integer := public.manus_state_rank(v_status);
  v_old integer;
begin
  select * into v_task from public.manus_tasks where manus_id = p_news ->> 'manus_id' for update;
  if not found then
    return null;
  end if;
  if p_news ? 'body_hash' then
    delete from public.manus_deliveries where taken_at < now() - interval '30 days';
    insert into public.manus_deliveries (task_id, body_hash)
      values (v_task.id, decode(p_news ->> 'body_hash', 'hex')) on conflict do nothing;
    if not found then
      return public.manus_task_json(v_task);
    end if;
  else
    update public.manus_tasks set checked_at = now() where id = v_task.id returning * into v_task;
  end if;
  v_old := public.manus_state_rank(v_task.status);
  -- Manus signs with whole seconds.
  if v_at < date_trunc('second', v_task.begun_at) or v_old = 3
    or not (v_rank > v_old or (v_at is not null and v_at > v_task.state_at))
  then
    return public.manus_task_json(v_task);
  end if;
  update public.manus_tasks set
    status = v_status,
    title = coalesce(nullif(left(p_news ->> 'title', 200), ''), title),
    url = coalesce(left(p_news ->> 'url', 2000), url),
    output = coalesce(left(p_news ->> 'output', 200000), output),
    artifacts = coalesce(nullif(p_news -> 'artifacts', 'null'), artifacts),
    error = left(p_news ->> 'error', 1000),
    state_at = coalesce(v_at, now()),
    updated_at = now()
  where id = v_task.id
  returning * into v_task;
  return public.manus_task_json(v_task);
end;
$$;

-- A user has sent another message to a task, at p_from. Null: the user has no such task.
create or replace function public.manus_continue_task(p_user_id uuid, p_id uuid, p_from timestamptz) returns jsonb
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_task public.manus_tasks;
begin
  update public.manus_tasks set
    status = 'running', error = null, begun_at = p_from, state_at = p_from, updated_at = now(), checked_at = now()
  where id = p_id and user_id = p_user_id
  returning * into v_task;
  if not found then
    return null;
  end if;
  return public.manus_task_json(v_task);
end;
$$;

-- Returns whether the user had the task.
create or replace function public.manus_delete_task(p_user_id uuid, p_id uuid) returns boolean
language plpgsql volatile security definer set search_path = '' as $$
begin
  delete from public.manus_tasks where id = p_id and user_id = p_user_id;
  return found;
end;
$$;

-- Functions are executable by PUBLIC unless that is taken away.
revoke all on function
  public.manus_task_json(public.manus_tasks), public.manus_state_rank(text), public.manus_add_task(jsonb),
  public.manus_apply_news(jsonb), public.manus_continue_task(uuid, uuid, timestamptz),
  public.manus_delete_task(uuid, uuid)
  from public, anon, authenticated, service_role;
grant execute on function
  public.manus_add_task(jsonb), public.manus_apply_news(jsonb),
  public.manus_continue_task(uuid, uuid, timestamptz), public.manus_delete_task(uuid, uuid)
  to service_role;

create or replace function public.sarmalink_schema_version() returns integer
language sql immutable set search_path = '' as $$ select 26 $$;

revoke all on function public.sarmalink_schema_version() from public, anon, authenticated, service_role;
grant execute on function public.sarmalink_schema_version() to authenticated, service_role;

notify pgrst, 'reload schema';
