-- How much of a conversation is kept, and how much of it a turn loads.

-- What a session keeps of these messages: each at most 400,000 characters, marked when it is cut; of all of
-- them the newest 2,000, and no more than 1,000,000 characters together.
create or replace function public.ai_bounded_messages(p_messages jsonb) returns jsonb
language plpgsql immutable set search_path = '' as $$
declare
  v_mark constant text := E'\n\n[The rest of this message was too long to be stored.]';
begin
  -- Bytes are no fewer than characters: almost every conversation ends here.
  if pg_column_size(p_messages || '[]'::jsonb) <= 400000 and jsonb_array_length(p_messages) <= 2000 then
    return p_messages;
  end if;
  return (
    with cut as (
      select place, case
          when char_length(message ->> 'content') > 400000 then jsonb_set(
            message, '{content}', to_jsonb(left(message ->> 'content', 400000 - char_length(v_mark)) || v_mark)
          )
          else message
        end as message
      from jsonb_array_elements(p_messages) with ordinality as given (message, place)
      order by place desc
      limit 2000
    ), counted as (
      select place, message,
        sum(coalesce(char_length(message ->> 'content'), 0)) over (order by place desc) as characters
      from cut
    )
    select coalesce(jsonb_agg(message order by place), '[]'::jsonb) from counted where characters <= 1000000
  );
end;
$$;

-- The newest of these messages, up to 150,000 characters: an engine reads the last 100,000 (see
-- lib/services/chat.ts), so that nothing longer needs to be loaded for a turn. Whole ones, but for the very
-- newest: if that alone is longer, its last 150,000 characters, so that a long answer is not forgotten.
create or replace function public.ai_newest_messages(p_messages jsonb) returns jsonb
language plpgsql immutable set search_path = '' as $$
declare
  -- Once: asked for each message, it would unpack all of them each time.
  v_last constant bigint := jsonb_array_length(p_messages);
begin
  if pg_column_size(p_messages || '[]'::jsonb) <= 150000 then
    return p_messages;
  end if;
  return (
    with newest as (
      select place, message
      from jsonb_array_elements(p_messages) with ordinality as given (message, place)
      order by place desc
      limit 2000
    ), cut as (
      select place, case
          when place = v_last and char_length(message ->> 'content') > 150000
            then jsonb_set(message, '{content}', to_jsonb(right(message ->> 'content', 150000)))
          else message
        end as message
      from newest
    ), counted as (
      select place, message,
        sum(coalesce(char_length(message ->> 'content'), 0)) over (order by place desc) as characters
      from cut
    )
    select coalesce(jsonb_agg(message order by place), '[]'::jsonb) from counted where characters <= 150000
  );
end;
$$;

-- Functions are executable by PUBLIC unless that is taken away.
revoke all on function public.ai_bounded_messages(jsonb) from public, anon, authenticated, service_role;
revoke all on function public.ai_newest_messages(jsonb) from public, anon, authenticated, service_role;

notify pgrst, 'reload schema';
