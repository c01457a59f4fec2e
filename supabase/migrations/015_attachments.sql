-- Files that users attach to conversations: what was read of them, and the bytes of those that an engine must
-- get as they are (images, PDFs without text). They belong to a session, and go with it.

create table if not exists public.ai_attachments (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null default auth.uid() references auth.users (id) on delete cascade,
  -- Null until a turn has used the file.
  session_id uuid,
  name text not null check (char_length(name) between 1 and 200),
  type text not null check (type in ('image', 'pdf', 'xlsx', 'docx')),
  -- The size of the file.
  bytes integer not null check (bytes between 1 and 15728640),
  pages integer check (pages between 0 and 1000000),
  -- SHA-256 of the file, so that a session keeps a file once that clients send with every message.
  digest text not null check (digest ~ '^[0-9a-f]{64}$'),
  -- {sections: [{label, text}], notes: [text]}
  document jsonb check (jsonb_typeof(document) = 'object' and octet_length(document::text) <= 12582912),
  -- In base64, as engines take it.
  content text check (octet_length(content) <= 20971520),
  stored_bytes integer not null
    generated always as (coalesce(octet_length(document::text), 0) + coalesce(octet_length(content), 0)) stored,
  created_at timestamptz not null default now(),
  check (document is not null or content is not null)
);

-- A user's file can only belong to a session of the same user, whoever writes the row.
create unique index if not exists ai_chat_sessions_owner on public.ai_chat_sessions (id, user_id);
do $$ begin
  -- Not dropped and made anew: that would lock the sessions against readers as well, and deadlock with turns that begin.
  if not exists (
    select from pg_constraint
    where conname = 'ai_attachments_session' and conrelid = 'public.ai_attachments'::regclass
  ) then
    alter table public.ai_attachments add constraint ai_attachments_session
      foreign key (session_id, user_id) references public.ai_chat_sessions (id, user_id) on delete cascade;
  end if;
end $$;

create unique index if not exists ai_attachments_session_digest on public.ai_attachments (session_id, digest);
create index if not exists ai_attachments_user_created on public.ai_attachments (user_id, created_at desc);

-- Row level security and grants -------------------------------------------------------------------

alter table public.ai_attachments enable row level security;

drop policy if exists ai_attachments_own on public.ai_attachments;
create policy ai_attachments_own on public.ai_attachments for all to authenticated
  using ((select auth.uid()) = user_id) with check ((select auth.uid()) = user_id);

revoke all on table public.ai_attachments from public, anon, authenticated, service_role;
grant select, delete on table public.ai_attachments to authenticated, service_role;
grant insert (user_id, session_id, name, type, bytes, pages, digest, document, content)
  on table public.ai_attachments to authenticated, service_role;
-- A file is what it was when it came; it can only be given to a session.
grant update (session_id) on table public.ai_attachments to authenticated, service_role;

-- How much a user keeps ---------------------------------------------------------------------------

-- A user keeps 200 files and 200 MB: a new file pushes out the oldest. One that no turn has used goes after a day,
-- when the user's next file comes.
create or replace function public.ai_cap_attachments() returns trigger
language plpgsql volatile security definer set search_path = '' as $$
begin
  -- Two files that come at once would each count the others without the other.
  perform pg_advisory_xact_lock(hashtextextended('ai_attachments:' || new.user_id::text, 0));
  delete from public.ai_attachments
    where user_id = new.user_id and id <> new.id and session_id is null
      and created_at < now() - interval '1 day';
  delete from public.ai_attachments where id in (
    select id from (
      select id, row_number() over newest as place, sum(stored_bytes) over newest as total
      from public.ai_attachments
      where user_id = new.user_id
      window newest as (order by id = new.id desc, created_at desc, id rows unbounded preceding)
    ) as kept
    where place > 200 or total > 209715200
  );
  return null;
end;
$$;

create or replace trigger ai_attachments_cap after insert on public.ai_attachments
  for each row execute function public.ai_cap_attachments();

revoke all on function public.ai_cap_attachments() from public, anon, authenticated, service_role;

-- Reading -----------------------------------------------------------------------------------------

-- The user's files with these ids, or those of a session, the newest first, 200 at most. What is stored of the first
-- 20 is added while the sum stays within max_bytes; the others come without it, so that they can be named, but cannot
-- fill the memory of a gateway. p_query: {user_id, ids or session_id, max_bytes}. Row level security holds: only the
-- service role reads files of any user.
create or replace function public.read_attachments(p_query jsonb) returns jsonb
language sql stable security invoker set search_path = '' as $$
  with query as (
    -- PostgREST hands a JSON object over as one; @supabase/lite may as a string that holds one.
    select case jsonb_typeof(p_query) when 'string' then (p_query #>> '{}')::jsonb else p_query end as q
  ), wanted as (
    select (q ->> 'user_id')::uuid as user_id, (q ->> 'session_id')::uuid as session_id,
           array(select jsonb_array_elements_text(coalesce(q -> 'ids', '[]'))::uuid) as ids,
           (q ->> 'max_bytes')::bigint as max_bytes
    from query
  ), listed as (
    select file.id, file.stored_bytes, file.created_at, wanted.max_bytes,
           sum(file.stored_bytes) over newest_first as total, row_number() over newest_first as place
    from wanted join public.ai_attachments file on file.user_id = wanted.user_id
    where file.id = any(wanted.ids) or file.session_id = wanted.session_id
    window newest_first as (order by file.created_at desc, file.id rows unbounded preceding)
    order by file.created_at desc, file.id
    limit 200
  )
  select coalesce(jsonb_agg(jsonb_build_object(
    'id', file.id, 'session_id', file.session_id, 'name', file.name, 'type', file.type, 'bytes', file.bytes,
    'pages', file.pages, 'digest', file.digest,
    'document', case when listed.place <= 20 and listed.total <= listed.max_bytes then file.document end,
    'content', case when listed.place <= 20 and listed.total <= listed.max_bytes then file.content end
  ) order by listed.created_at desc, listed.id), '[]')
  from listed join public.ai_attachments file on file.id = listed.id;
$$;

revoke all on function public.read_attachments(jsonb) from public, anon, authenticated, service_role;
grant execute on function public.read_attachments(jsonb) to authenticated, service_role;

create or replace function public.sarmalink_schema_version() returns integer
language sql immutable set search_path = '' as $$ select 15 $$;

notify pgrst, 'reload schema';
