-- One fact is kept once: also by two turns that find it at the same moment.

-- What two facts that say the same have in common, hashed, since an index takes no long text. Empty in a fact that
-- had a duplicate before this migration: those are their user's own, and none is taken away.
alter table public.ai_user_memories add column if not exists fact_key text;

-- As the gateway compares (lib/memory/fact.ts): spacing and punctuation say nothing, but between digits and as signs.
create or replace function public.ai_memory_key(p_fact text) returns text
language plpgsql immutable set search_path = '' as $$
declare
  v_nothing constant text := '[[:space:].,:;!?''"()\[\]{}_„“”‚‘’«»‹›¡¿·…、。「」『』【】〈〉《》،؛؟।॥‐‑–—-]+';
  v_key text := lower(normalize(p_fact, NFKC));
begin
  v_key := regexp_replace(v_key, '(^|[[:space:]])-(?=[0-9])', '\1−', 'g');
  v_key := regexp_replace(v_key, '([0-9])' || v_nothing || '(?=[0-9])', '\1|', 'g');
  v_key := regexp_replace(v_key, v_nothing, '', 'g');
  return md5(coalesce(nullif(v_key, ''), p_fact));
end;
$$;

revoke all on function public.ai_memory_key(text) from public, anon, authenticated, service_role;

create or replace function public.ai_set_memory_key() returns trigger
language plpgsql volatile security definer set search_path = '' as $$
begin
  new.fact_key := public.ai_memory_key(new.fact);
  return new;
end;
$$;

revoke all on function public.ai_set_memory_key() from public, anon, authenticated, service_role;

-- Without the triggers, which would say that the fact was changed.
alter table public.ai_user_memories disable trigger user;
with keys as (
  select id, user_id, public.ai_memory_key(fact) as key from public.ai_user_memories where fact_key is null
), firsts as (
  select distinct on (user_id, key) id, key from keys order by user_id, key, id
)
update public.ai_user_memories m set fact_key = f.key from firsts f
where m.id = f.id
  and not exists (select 1 from public.ai_user_memories o where o.user_id = m.user_id and o.fact_key = f.key);
alter table public.ai_user_memories enable trigger user;

create unique index if not exists ai_user_memories_user_fact on public.ai_user_memories (user_id, fact_key);

create or replace trigger ai_user_memories_key before insert or update of fact on public.ai_user_memories
  for each row execute function public.ai_set_memory_key();

create or replace function public.sarmalink_schema_version() returns integer
language sql immutable set search_path = '' as $$ select 17 $$;

revoke all on function public.sarmalink_schema_version() from public, anon, authenticated, service_role;
grant execute on function public.sarmalink_schema_version() to authenticated, service_role;

notify pgrst, 'reload schema';
