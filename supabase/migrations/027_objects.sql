-- Objects in the object storage (R2, S3): whose they are, what they belong to, and which are to be taken from there.
--
-- UPGRADING. Apply this file before the variables R2_… are set. Without them nothing is written here; with them and
-- without this file, uploads keep their text only.

-- An object belongs to a file, to a conversation, or to its user alone, and goes with what it belongs to. A row is
-- written before its object, so that none is forgotten: `stored_at` is null until the object is there.
create table if not exists public.ai_objects (
  id uuid primary key,
  -- In the bucket. It begins with what the object is and whose: nobody's row can lead to somebody else's object.
  key text not null unique,
  user_id uuid not null references auth.users (id) on delete cascade,
  session_id uuid,
  attachment_id uuid,
  name text not null check (char_length(name) between 1 and 200),
  media_type text not null check (media_type ~ '^[a-z0-9]+/[a-z0-9.+-]{1,100}$'),
  bytes bigint not null check (bytes between 1 and 1073741824),
  stored_at timestamptz,
  created_at timestamptz not null default now(),
  check (key ~ ('^(attachments|images|uploads)/' || user_id || '/\d{4}-\d\d-\d\d/' || id || '\.[a-z0-9]{1,8}$'))
);

create unique index if not exists ai_attachments_owner on public.ai_attachments (id, user_id);
do $$ begin
  if not exists (
    select from pg_constraint where conname = 'ai_objects_session' and conrelid = 'public.ai_objects'::regclass
  ) then
    alter table public.ai_objects add constraint ai_objects_session
      foreign key (session_id, user_id) references public.ai_chat_sessions (id, user_id) on delete cascade;
  end if;
  if not exists (
    select from pg_constraint where conname = 'ai_objects_attachment' and conrelid = 'public.ai_objects'::regclass
  ) then
    alter table public.ai_objects add constraint ai_objects_attachment
      foreign key (attachment_id, user_id) references public.ai_attachments (id, user_id) on delete cascade;
  end if;
end $$;

create index if not exists ai_objects_session_user on public.ai_objects (session_id, user_id);
create index if not exists ai_objects_attachment_user on public.ai_objects (attachment_id, user_id);
create index if not exists ai_objects_user_created on public.ai_objects (user_id, created_at desc);
create index if not exists ai_objects_unstored on public.ai_objects (created_at) where stored_at is null;

-- Keys of objects whose row is gone. Nobody refers to them; the gateway takes them from the storage.
create table if not exists public.ai_objects_to_delete (
  key text primary key,
  due_at timestamptz not null
);
create index if not exists ai_objects_to_delete_due on public.ai_objects_to_delete (due_at);

-- Row level security and grants -------------------------------------------------------------------

alter table public.ai_objects enable row level security;
alter table public.ai_objects_to_delete enable row level security;

drop policy if exists ai_objects_own on public.ai_objects;
create policy ai_objects_own on public.ai_objects for select to authenticated
  using ((select auth.uid()) = user_id);

revoke all on table public.ai_objects, public.ai_objects_to_delete from public, anon, authenticated, service_role;
grant select on table public.ai_objects to authenticated;
grant select, delete on table public.ai_objects to service_role;

-- Deleting ----------------------------------------------------------------------------------------

-- Whatever removes a row (the gateway, a session or a file that goes, their caps, the user's account): the object is
-- to be deleted. One that was not stored may still come, as long as an address to send it to is valid or a call is
-- under way: it is looked for a day after its row was made.
create or replace function public.ai_note_deleted_object() returns trigger
language plpgsql volatile security definer set search_path = '' as $$
begin
  insert into public.ai_objects_to_delete (key, due_at)
  values (old.key, case when old.stored_at is null then old.created_at + interval '1 day' else now() end)
  on conflict (key) do nothing;
  return null;
end;
$$;

create or replace trigger ai_objects_deleted after delete on public.ai_objects
  for each row execute function public.ai_note_deleted_object();

-- Keys of objects that are to be deleted, p_limit at most. Rows whose object did not come within a day go first. A key
-- is handed out again after ten minutes, unless ai_objects_deleted says that its object is gone.
create or replace function public.ai_objects_due(p_limit integer) returns setof text
language plpgsql volatile security definer set search_path = '' as $$
begin
  delete from public.ai_objects where id in (
    select id from public.ai_objects
    where stored_at is null and created_at < now() - interval '1 day'
    order by created_at limit p_limit for update skip locked
  );
  return query
    update public.ai_objects_to_delete set due_at = now() + interval '10 minutes'
    where key in (
      select due.key from public.ai_objects_to_delete due
      where due.due_at <= now() order by due.due_at limit p_limit for update skip locked
    )
    returning key;
end;
$$;

create or replace function public.ai_objects_deleted(p_keys text[]) returns void
language sql volatile security definer set search_path = '' as $$
  delete from public.ai_objects_to_delete where key = any(p_keys);
$$;

-- Writing -----------------------------------------------------------------------------------------

-- Notes an object that is about to be stored. p_object: {id, key, user_id, name, media_type, bytes}. PT429: the user
-- has 20 uploads under way (keys that begin with uploads/), and is to end some of them.
create or replace function public.ai_object_add(p_object jsonb) returns void
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_user constant uuid := (p_object ->> 'user_id')::uuid;
  v_key constant text := p_object ->> 'key';
begin
  if v_key like 'uploads/%' then
    -- Two that come at once would each not count the other.
    perform pg_advisory_xact_lock(hashtextextended('ai_objects:' || v_user::text, 0));
    if (
      select count(*) >= 20 from public.ai_objects
      where user_id = v_user and stored_at is null and key like 'uploads/%'
        and created_at > now() - interval '1 day'
    ) then
      raise exception 'too many uploads under way' using errcode = 'PT429';
    end if;
  end if;
  insert into public.ai_objects (id, key, user_id, name, media_type, bytes)
  values (
    (p_object ->> 'id')::uuid, v_key, v_user, left(p_object ->> 'name', 200), p_object ->> 'media_type',
    (p_object ->> 'bytes')::bigint
  );
end;
$$;

-- An object is in the storage, and belongs to a session or a file of its user from now on; to the user alone without
-- either. p_object: {id, user_id, session_id, attachment_id}. A user keeps 1,000 objects and 1 GB of them: a new one
-- pushes out the oldest. Returns false if what it should belong to has gone meanwhile.
create or replace function public.ai_object_keep(p_object jsonb) returns boolean
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_id constant uuid := (p_object ->> 'id')::uuid;
  v_user constant uuid := (p_object ->> 'user_id')::uuid;
begin
  update public.ai_objects set
    stored_at = now(),
    session_id = (p_object ->> 'session_id')::uuid,
    attachment_id = (p_object ->> 'attachment_id')::uuid
  where id = v_id and user_id = v_user;
  if not found then
    return false;
  end if;
  perform pg_advisory_xact_lock(hashtextextended('ai_objects:' || v_user::text, 0));
  -- One that is just being deleted, with its session or its user, is not waited for.
  delete from public.ai_objects where id in (
    select id from public.ai_objects where id in (
      select kept.id from (
        select id, row_number() over newest as place, sum(bytes) over newest as total
        from public.ai_objects
        where user_id = v_user and stored_at is not null
        window newest as (order by id = v_id desc, created_at desc, id rows unbounded preceding)
      ) as kept
      where place > 1000 or total > 1073741824
    )
    for update skip locked
  );
  return true;
exception when foreign_key_violation then
  return false;
end;
$$;

-- Functions are executable by PUBLIC unless that is taken away.
revoke all on function
  public.ai_note_deleted_object(), public.ai_objects_due(integer), public.ai_objects_deleted(text[]),
  public.ai_object_add(jsonb), public.ai_object_keep(jsonb)
  from public, anon, authenticated, service_role;
grant execute on function
  public.ai_objects_due(integer), public.ai_objects_deleted(text[]), public.ai_object_add(jsonb),
  public.ai_object_keep(jsonb)
  to service_role;

create or replace function public.sarmalink_schema_version() returns integer
language sql immutable set search_path = '' as $$ select 27 $$;

revoke all on function public.sarmalink_schema_version() from public, anon, authenticated, service_role;
grant execute on function public.sarmalink_schema_version() to authenticated, service_role;

notify pgrst, 'reload schema';
