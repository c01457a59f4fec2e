-- What the instances of a gateway tell each other through the database: that they run, which engines and keys they have
-- benched, and what administrators have switched off or reordered.

-- Instances ----------------------------------------------------------------------------------------

-- The running processes of the gateway. What a process holds for a turn counts as long as it is seen: a process that
-- is killed is not seen again. Processes that have no background work (Vercel) have no row.
create table if not exists public.ai_instances (
  -- Random, chosen by the process at its start.
  id uuid primary key,
  started_at timestamptz not null default now(),
  -- At most 10 s old for a process that runs and reaches the database. No index, so that touching a row is cheap.
  seen_at timestamptz not null default now(),
  -- For the operator: where it runs.
  host text check (char_length(host) <= 100),
  pid integer check (pid >= 0),
  version text check (char_length(version) <= 50),
  constraint ai_instances_times check (isfinite(started_at) and isfinite(seen_at))
);

-- Functions alone read and write it.
alter table public.ai_instances enable row level security;
revoke all on table public.ai_instances from public, anon, authenticated, service_role;

-- Shared health ------------------------------------------------------------------------------------

-- Numbers changes in the order in which they become visible: they are made under one lock.
create sequence if not exists public.ai_shared_health_number as bigint;
revoke all on sequence public.ai_shared_health_number from public, anon, authenticated, service_role;

-- The latest of what instances have said about each key, model, provider or address. All times are of this database's
-- clock: instances say how long ago and for how long, and are told so.
create table if not exists public.ai_shared_health (
  level text not null,
  id text not null,
  number bigint not null,
  -- Who said so; not told it again.
  instance_id uuid not null,
  began_at timestamptz not null,
  until_at timestamptz not null,
  -- An answer has ended it: when the answered call began. Null: it lasts until its end.
  lifted_at timestamptz,
  -- What instances say besides: the cause, and by level `streak`, `dead` or `openForMs`. Holds no key.
  facts jsonb not null default '{}',
  primary key (level, id),
  constraint ai_shared_health_level check (
    level in ('key_and_model', 'key', 'model', 'provider', 'model_breaker', 'origin_breaker')
  ),
  constraint ai_shared_health_id check (char_length(id) between 1 and 400),
  constraint ai_shared_health_times check (
    isfinite(began_at) and isfinite(until_at) and (lifted_at is null or isfinite(lifted_at))
  ),
  constraint ai_shared_health_facts check (jsonb_typeof(facts) = 'object' and octet_length(facts::text) <= 8192)
);

create index if not exists ai_shared_health_by_number on public.ai_shared_health (number);

alter table public.ai_shared_health enable row level security;
revoke all on table public.ai_shared_health from public, anon, authenticated, service_role;

-- Milliseconds of a document, within bounds; null if it has none.
create or replace function public.ai_bounded_interval(p_value jsonb, p_max interval) returns interval
language sql immutable set search_path = '' as $$
  select case when jsonb_typeof(p_value) = 'number' then
    least(greatest((p_value #>> '{}')::numeric, 0), extract(epoch from p_max) * 1000)::double precision
      * interval '1 millisecond'
  end;
$$;

-- Keeps what an instance has found out, one entry after another: a bench that began `ageMs` ago and goes on for
-- `forMs`, or the early end of one (`liftedMsAgo`). Entries that are none are left out.
--
-- Of two ends of one bench the later one counts. What has ended early is benched again only by what began later.
create or replace function public.ai_share_health(p_instance uuid, p_entries jsonb) returns void
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_now constant timestamptz := clock_timestamp();
  v_entry jsonb;
  v_level text;
  v_id text;
  v_for interval;
  v_ago interval;
begin
  for v_entry in select value from jsonb_array_elements(p_entries) limit 500 loop
    v_level := v_entry ->> 'level';
    v_id := v_entry ->> 'id';
    continue when v_level is null or v_id is null or char_length(v_id) not between 1 and 400 or v_level not in
      ('key_and_model', 'key', 'model', 'provider', 'model_breaker', 'origin_breaker');
    v_ago := public.ai_bounded_interval(v_entry -> 'liftedMsAgo', interval '1 hour');
    if v_ago is not null then
      update public.ai_shared_health
        set number = nextval('public.ai_shared_health_number'), instance_id = p_instance, lifted_at = v_now - v_ago
        where level = v_level and id = v_id and lifted_at is null and began_at < v_now - v_ago;
      continue;
    end if;
    v_for := public.ai_bounded_interval(v_entry -> 'forMs', interval '1 hour');
    v_ago := public.ai_bounded_interval(v_entry -> 'ageMs', interval '1 hour');
    continue when v_for is null or v_ago is null or octet_length(v_entry::text) > 8192;
    insert into public.ai_shared_health as known (level, id, number, instance_id, began_at, until_at, facts)
    values (
      v_level, v_id, nextval('public.ai_shared_health_number'), p_instance, v_now - v_ago, v_now + v_for,
      v_entry - array['level', 'id', 'forMs', 'ageMs']
    )
    on conflict (level, id) do update set
      number = excluded.number, instance_id = excluded.instance_id, began_at = excluded.began_at,
      until_at = excluded.until_at, lifted_at = null, facts = excluded.facts
    -- A quarter of a second is no news: two instances seldom measure the same.
    where case
      when known.lifted_at is null then excluded.until_at > known.until_at + interval '250 milliseconds'
      else excluded.began_at > known.lifted_at
    end;
  end loop;
  -- Clients make up some of the names, so the number of rows is bounded. Instances that run have read them.
  delete from public.ai_shared_health where number <= (
    select number from public.ai_shared_health order by number desc offset 4000 limit 1
  );
end;
$$;

-- Overrides ----------------------------------------------------------------------------------------

-- What administrators have changed about the engines, until it is taken back or expires.
create table if not exists public.ai_overrides (
  id uuid primary key default gen_random_uuid(),
  -- `off`: an engine, or a whole provider, is not called. `order`: a mode's chain begins with these engines.
  kind text not null check (kind in ('off', 'order')),
  -- Null: in all modes, and where clients name engines.
  mode text check (char_length(mode) between 1 and 64),
  provider text check (char_length(provider) between 1 and 100 and provider !~ '[\s/]'),
  -- Null: all models of the provider.
  model text check (char_length(model) between 1 and 256 and model !~ '\s'),
  engines text[] check (cardinality(engines) between 1 and 200 and octet_length(engines::text) <= 65536),
  note text check (char_length(note) <= 500),
  created_by uuid references auth.users (id) on delete set null,
  created_at timestamptz not null default now(),
  updated_by uuid references auth.users (id) on delete set null,
  updated_at timestamptz not null default now(),
  expires_at timestamptz check (isfinite(expires_at)),
  -- There is one override of a target.
  target text not null unique generated always as (
    kind || ' ' || coalesce(mode, '*') || ' ' || coalesce(provider, '') || coalesce('/' || model, '')
  ) stored,
  constraint ai_overrides_shape check (
    case kind
      when 'off' then provider is not null and engines is null
      else mode is not null and provider is null and model is null and engines is not null
    end
  )
);

alter table public.ai_overrides enable row level security;
revoke all on table public.ai_overrides from public, anon, authenticated, service_role;

-- One row: grows with each change of the table above, also by hand.
create table if not exists public.ai_override_version (
  id boolean primary key default true check (id),
  version bigint not null default 0
);
insert into public.ai_override_version default values on conflict do nothing;

alter table public.ai_override_version enable row level security;
revoke all on table public.ai_override_version from public, anon, authenticated, service_role;

create or replace function public.ai_overrides_changed() returns trigger
language plpgsql volatile security definer set search_path = '' as $$
begin
  update public.ai_override_version set version = version + 1;
  return null;
end;
$$;

create or replace trigger ai_overrides_changed
  after insert or update or delete or truncate on public.ai_overrides
  for each statement execute function public.ai_overrides_changed();

create or replace function public.ai_override_json(p_override public.ai_overrides) returns jsonb
language sql stable security definer set search_path = '' as $$
  select to_jsonb(p_override) - 'target' || jsonb_build_object(
    'created_by_email', (select email from auth.users where id = p_override.created_by),
    'updated_by_email', (select email from auth.users where id = p_override.updated_by),
    'expires_in_ms', (extract(epoch from p_override.expires_at - clock_timestamp()) * 1000)::bigint
  );
$$;

-- {version, overrides}: those that have not expired, the oldest first.
create or replace function public.list_overrides() returns jsonb
language sql stable security definer set search_path = '' as $$
  select jsonb_build_object(
    'version', (select version from public.ai_override_version),
    'overrides', coalesce((
      select jsonb_agg(public.ai_override_json(one) order by one.created_at, one.id)
      from public.ai_overrides one
      where one.expires_at is null or one.expires_at > now()
    ), '[]'::jsonb)
  );
$$;

-- Creates the override of a target, or replaces what is said of it: {kind, mode, provider, model, engines, note,
-- expires_at, user_id}, with an `id` that override, whatever its target was. Returns {id, created} and what
-- list_overrides returns. PT404: there is no override with this id. PT409: another one has this target, or there are
-- 500.
create or replace function public.put_override(p jsonb) returns jsonb
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_new public.ai_overrides := jsonb_populate_record(null::public.ai_overrides, p - 'target');
  v_user uuid := (p ->> 'user_id')::uuid;
  v_id uuid;
  v_created boolean;
begin
  -- Two overrides made at once would each count 499 others.
  perform pg_advisory_xact_lock(hashtextextended('ai_overrides', 0));
  delete from public.ai_overrides where expires_at <= now();
  if v_new.id is not null then
    update public.ai_overrides set
      kind = v_new.kind, mode = v_new.mode, provider = v_new.provider, model = v_new.model, engines = v_new.engines,
      note = v_new.note, expires_at = v_new.expires_at, updated_by = v_user, updated_at = now()
      where id = v_new.id returning id into v_id;
    if v_id is null then
      raise exception 'no such override' using errcode = 'PT404';
    end if;
    v_created := false;
  else
    insert into public.ai_overrides as known
      (kind, mode, provider, model, engines, note, expires_at, created_by, updated_by)
    values (
      v_new.kind, v_new.mode, v_new.provider, v_new.model, v_new.engines, v_new.note, v_new.expires_at, v_user, v_user
    )
    on conflict (target) do update set
      engines = excluded.engines, note = excluded.note, expires_at = excluded.expires_at,
      updated_by = excluded.updated_by, updated_at = now()
    returning id, xmax = 0 into v_id, v_created;
    if v_created and (select count(*) from public.ai_overrides) > 500 then
      raise exception 'too many overrides' using errcode = 'PT409';
    end if;
  end if;
  return public.list_overrides() || jsonb_build_object('id', v_id, 'created', v_created);
exception when unique_violation then
  raise exception 'another override has this target' using errcode = 'PT409';
end;
$$;

-- Returns {deleted} and what list_overrides returns.
create or replace function public.delete_override(p_id uuid) returns jsonb
language plpgsql volatile security definer set search_path = '' as $$
declare
  v_deleted boolean;
begin
  perform pg_advisory_xact_lock(hashtextextended('ai_overrides', 0));
  delete from public.ai_overrides where id = p_id and (expires_at is null or expires_at > now());
  v_deleted := found;
  return public.list_overrides() || jsonb_build_object('deleted', v_deleted);
end;
$$;

-- The refresh --------------------------------------------------------------------------------------

-- What each instance calls about once a second: keeps what it has found out, and returns what has changed elsewhere.
-- With nothing to keep it only reads, but for its own row every 10 s.
--
-- p: {instance, leased, host, pid, version, entries, cursor, override_version, key_cursor}. `leased`: it has a row in
-- ai_instances. `cursor`: of the last answer, 0 at first.
--
-- Returns {cursor, entries}; `overrides` (as list_overrides) if their version is not override_version; and `keys`, what
-- gateway_keys_changed_since returns.
--
-- A plan that was made while ai_shared_health was empty would read all of it, and connections keep their plans.
create or replace function public.sync_instance(p jsonb) returns jsonb
language plpgsql volatile security definer set search_path = '' set lock_timeout = '2s' set enable_seqscan = off as $$
declare
  v_now constant timestamptz := clock_timestamp();
  v_instance constant uuid := (p ->> 'instance')::uuid;
  v_cursor bigint := greatest((p ->> 'cursor')::bigint, 0);
  v_answer jsonb;
  v_keys jsonb;
begin
  if (p ->> 'leased')::boolean and not exists (
    select 1 from public.ai_instances where id = v_instance and seen_at > v_now - interval '10 seconds'
  ) then
    insert into public.ai_instances (id, started_at, seen_at, host, pid, version)
    values (
      v_instance, v_now, v_now, left(p ->> 'host', 100), greatest((p ->> 'pid')::integer, 0), left(p ->> 'version', 50)
    )
    on conflict (id) do update set seen_at = excluded.seen_at;
    perform public.ai_prune_shared_state();
  end if;

  if jsonb_typeof(p -> 'entries') = 'array' and jsonb_array_length(p -> 'entries') > 0 then
    -- So that nobody sees a number before a smaller one.
    perform pg_advisory_xact_lock(hashtextextended('ai_shared_health', 0));
    perform public.ai_share_health(v_instance, p -> 'entries');
  end if;

  -- After a restore the numbers begin again.
  if v_cursor > (select last_value from public.ai_shared_health_number) then
    v_cursor := 0;
  end if;
  select jsonb_build_object(
    'cursor', greatest(v_cursor, max(changed.number)),
    'entries', coalesce(jsonb_agg(
      case when changed.lifted_at is null
        then changed.facts || jsonb_build_object(
          'level', changed.level, 'id', changed.id,
          'forMs', round(extract(epoch from changed.until_at - v_now) * 1000),
          'ageMs', greatest(round(extract(epoch from v_now - changed.began_at) * 1000), 0)
        )
        else jsonb_build_object(
          'level', changed.level, 'id', changed.id,
          'liftedMsAgo', greatest(round(extract(epoch from v_now - changed.lifted_at) * 1000), 0)
        )
      end order by changed.number
    ) filter (
      where changed.instance_id <> v_instance and (changed.lifted_at is not null or changed.until_at > v_now)
    ), '[]'::jsonb)
  ) into v_answer
  from (
    select * from public.ai_shared_health where number > v_cursor order by number limit 500
  ) changed;

  if (p ->> 'override_version')::bigint is distinct from (select version from public.ai_override_version) then
    v_answer := v_answer || jsonb_build_object('overrides', public.list_overrides());
  end if;

  -- 020 may not have been applied.
  if to_regprocedure('public.gateway_keys_changed_since(text)') is not null then
    execute 'select public.gateway_keys_changed_since($1)' into v_keys using p ->> 'key_cursor';
    v_answer := v_answer || jsonb_build_object('keys', v_keys);
  end if;
  return v_answer;
end;
$$;

-- Removes what has run out. A breaker's row stays a little longer than it is open, since an answer may close it then.
create or replace function public.ai_prune_shared_state() returns void
language plpgsql volatile security definer set search_path = '' as $$
begin
  delete from public.ai_shared_health
    where (level, id) in (
      select level, id from public.ai_shared_health
      where greatest(until_at, lifted_at) < now() - interval '1 minute' for update skip locked
    );
  delete from public.ai_instances
    where id in (
      select id from public.ai_instances where seen_at < now() - interval '1 day' for update skip locked
    );
  -- A deletion counts as a change, even of no row. put_override holds the lock, and deletes them itself.
  if exists (select 1 from public.ai_overrides where expires_at <= now())
    and pg_try_advisory_xact_lock(hashtextextended('ai_overrides', 0))
  then
    delete from public.ai_overrides where expires_at <= now();
  end if;
end;
$$;

-- The instances that were seen within the lease: [{id, started_at, seen_at, host, pid, version}], the oldest first.
create or replace function public.list_instances() returns jsonb
language sql stable security definer set search_path = '' as $$
  select coalesce(jsonb_agg(to_jsonb(one) order by one.started_at, one.id), '[]'::jsonb)
  from (
    select * from public.ai_instances where seen_at > now() - interval '60 seconds'
    order by started_at, id limit 1000
  ) one;
$$;

-- Grants -------------------------------------------------------------------------------------------

-- Functions are executable by PUBLIC unless that is taken away.
revoke all on function
  public.ai_bounded_interval(jsonb, interval), public.ai_share_health(uuid, jsonb), public.ai_overrides_changed(),
  public.ai_override_json(public.ai_overrides), public.ai_prune_shared_state(), public.list_overrides(),
  public.put_override(jsonb), public.delete_override(uuid), public.sync_instance(jsonb), public.list_instances()
  from public, anon, authenticated, service_role;
grant execute on function
  public.list_overrides(), public.put_override(jsonb), public.delete_override(uuid), public.sync_instance(jsonb),
  public.list_instances()
  to service_role;

-- The version of the schema ------------------------------------------------------------------------

create or replace function public.sarmalink_schema_version() returns integer
language sql immutable set search_path = '' as $$ select 21 $$;

revoke all on function public.sarmalink_schema_version() from public, anon, authenticated, service_role;
grant execute on function public.sarmalink_schema_version() to authenticated, service_role;

notify pgrst, 'reload schema';
