-- Functions of every kind that a client can call, for function-calls.test.ts.
create table public.things (
  id integer primary key, name text, at timestamptz, price numeric(10, 2), big bigint, tags text[], doc jsonb
);
insert into public.things values
  (1, 'a', '2026-01-02 03:04:05.678901+00', 1.50, 9007199254740993, '{x,y}', '{"b":1,"a":[null]}'),
  (2, null, null, null, null, null, null);
alter table public.things enable row level security;
create table public.notes (note text);
grant usage on schema auth to anon, authenticated, service_role;

create function public.t_integer(p integer) returns integer language sql as 'select p + 1';
create function public.t_bigint() returns bigint language sql as 'select 9007199254740993';
create function public.t_numeric() returns numeric language sql as 'select 1.50';
create function public.t_time() returns timestamptz language sql
  as $$ select '2026-01-02 03:04:05.678901+00'::timestamptz $$;
create function public.t_date() returns date language sql as $$ select '2026-01-02'::date $$;
create function public.t_text(p text default 'none') returns text language sql as 'select p';
create function public.t_boolean() returns boolean language sql as 'select true';
create function public.t_null() returns integer language sql as 'select null::integer';
create function public.t_void(p integer) returns void language plpgsql as 'begin end';
create function public.t_jsonb(p jsonb) returns jsonb language sql as 'select p';
create function public.t_kind(p jsonb) returns text language sql as 'select jsonb_typeof(p)';
create function public.t_array(p integer[]) returns integer[] language sql as 'select p || 9';
create function public.t_uuid(p uuid) returns uuid language sql as 'select p';
create function public.t_set() returns setof integer language sql as 'select generate_series(1, 3)';
create function public.t_empty() returns setof integer language sql as 'select 1 where false';
create function public.t_table(p integer) returns table (result integer, value text) language sql
  as $$ select p, 'x' union all select p + 1, null $$;
create function public.t_rows() returns setof public.things language sql security definer
  as 'select * from public.things order by id';
create function public.t_row(p integer) returns public.things language sql security definer
  as 'select * from public.things where id = p';
create function public.t_out(a integer, out b integer) language sql as 'select a * 2';
create function public.t_outs(a integer, out b integer, out c text) language sql as $$ select a * 2, 'c' $$;
create function public.t_variadic(variadic p integer[]) returns integer language sql as 'select cardinality(p)';
create function public.t_unnamed(jsonb) returns jsonb language sql as 'select $1';
create function public.t_quoted("P ""q" integer) returns integer language sql as 'select "P ""q"';
create function public.t_visible() returns bigint language sql as 'select count(*) from public.things';
create function public.t_caller() returns jsonb language sql as $$
  select jsonb_build_object('uid', auth.uid(), 'role', auth.role(), 'user', current_user,
    'claims', (auth.jwt() ->> 'role'), 'method', current_setting('request.method', true),
    'path', current_setting('request.path', true)) $$;
create function public.t_raise(p text) returns void language plpgsql
  as $$ begin raise exception using errcode = p, message = 'M', detail = 'D', hint = 'H'; end $$;
create function public.t_respond() returns void language plpgsql as $$
  begin raise sqlstate 'PGRST' using
    message = '{"code":"C","message":"M","details":"D","hint":"H"}', detail = '{"status":418,"headers":{}}'; end $$;
create function public.t_divide(p integer) returns integer language sql as 'select 1 / p';
create function public.t_overloaded(a integer) returns text language sql as $$ select 'a' $$;
create function public.t_overloaded(b text) returns text language sql as $$ select 'b' $$;
create function public.t_ambiguous(a integer) returns text language sql as $$ select 'integer' $$;
create function public.t_ambiguous(a text) returns text language sql as $$ select 'text' $$;
create function public.t_status() returns text language plpgsql as $$ begin
  perform set_config('response.status', '202', true);
  perform set_config('response.headers', '[{"X-Test": "1"}]', true);
  return 'x'; end $$;
create function public.t_service_only() returns integer language sql stable as 'select 1';
revoke execute on function public.t_service_only() from public, anon, authenticated;
grant execute on function public.t_service_only() to service_role;
create function public.t_login() returns text language sql as 'select session_user::text';
create function public.t_sleep_and_note(p text, seconds float8) returns void language plpgsql security definer
  as $$ begin perform pg_sleep(seconds); insert into public.notes values (p); end $$;
create function public.t_limited(seconds float8) returns text language plpgsql set statement_timeout = '300ms'
  as $$ begin perform pg_sleep(seconds); return current_setting('statement_timeout'); end $$;
create function public.t_timeout() returns text language sql as $$ select current_setting('statement_timeout') $$;
