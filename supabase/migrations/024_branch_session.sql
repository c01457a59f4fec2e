-- A conversation that goes on from the beginning of another one, which stays as it is: a question is edited and
-- asked again.
--
-- UPGRADING. Apply this file before or after the new gateway starts. Until it is there, only POST /api/sessions
-- with `from` fails (503 not_configured).

-- Makes a session of the first messages of another one of the same user, with its title unless another is given,
-- its mode, and its files as far as the user may keep more: a copy pushes out nothing.
--
-- p_branch: {user_id, session_id, messages, title}. Returns {id, title, created_at, updated_at}. PT404: the user has
-- no such session. The service role names the user, others are the user.
create or replace function public.branch_session(p_branch jsonb) returns jsonb
language plpgsql volatile security definer set search_path = '' as $$
declare
  -- PostgREST hands a JSON object over as one; @supabase/lite may as a string that holds one.
  v_branch jsonb := case when jsonb_typeof(p_branch) = 'string' then (p_branch #>> '{}')::jsonb else p_branch end;
  v_user uuid := public.ai_turn_owner((v_branch ->> 'user_id')::uuid);
  v_from uuid := (v_branch ->> 'session_id')::uuid;
  v_count integer := (v_branch ->> 'messages')::integer;
  v_made public.ai_chat_sessions;
  v_files integer;
  v_bytes bigint;
begin
  if v_count is null or v_count < 1 or v_count > 2000 then
    raise exception 'messages must be between 1 and 2000' using errcode = '22023';
  end if;
  -- In one statement, so that a message that moves into a part meanwhile is neither missing nor there twice.
  insert into public.ai_chat_sessions (user_id, title, messages, last_mode)
  select source.user_id, coalesce(v_branch ->> 'title', source.title),
         jsonb_path_query_array(source.messages, '$[0 to $last]', jsonb_build_object('last', v_count - 1)),
         source.last_mode
  from public.ai_complete_sessions source
  where source.id = v_from and source.user_id = v_user
  returning * into v_made;
  if not found then
    raise exception 'no such session' using errcode = 'PT404';
  end if;
  perform public.ai_pack_session(v_made.id);

  -- Two branches at once would each count without the other's copies. Uploads hold it as well, see 015.
  perform pg_advisory_xact_lock(hashtextextended('ai_attachments:' || v_user::text, 0));
  select count(*), coalesce(sum(stored_bytes), 0) into v_files, v_bytes
    from public.ai_attachments where user_id = v_user;
  insert into public.ai_attachments
    (user_id, session_id, name, type, bytes, pages, digest, document, content, created_at)
  select user_id, v_made.id, name, type, bytes, pages, digest, document, content, created_at
  from (
    select file.*, row_number() over newest_first as place, sum(file.stored_bytes) over newest_first as total
    from public.ai_attachments file
    where file.session_id = v_from and file.user_id = v_user
    window newest_first as (order by file.created_at desc, file.id rows unbounded preceding)
  ) as listed
  where place <= 200 - v_files and total <= 209715200 - v_bytes;

  perform public.ai_trim_sessions(array[v_user]);
  -- Packing has touched it.
  select * into v_made from public.ai_chat_sessions where id = v_made.id;
  return jsonb_build_object(
    'id', v_made.id, 'title', v_made.title, 'created_at', v_made.created_at, 'updated_at', v_made.updated_at
  );
end;
$$;

-- Grants ------------------------------------------------------------------------------------------
-- Functions are executable by PUBLIC unless that is taken away. Users may call it themselves: it stores nothing that
-- they did not have.

revoke all on function public.branch_session(jsonb) from public, anon, authenticated, service_role;
grant execute on function public.branch_session(jsonb) to authenticated, service_role;

-- Which version a database has --------------------------------------------------------------------

create or replace function public.sarmalink_schema_version() returns integer
language sql immutable set search_path = '' as $$ select 24 $$;

revoke all on function public.sarmalink_schema_version() from public, anon, authenticated, service_role;
grant execute on function public.sarmalink_schema_version() to authenticated, service_role;

notify pgrst, 'reload schema';
