-- Regular work in the database, for gateways that have no background of their own (Vercel). `supabase db push --include-seed`
-- runs it, and so does the SQL editor. It may be run again: a job is replaced by its name. Beside a gateway that does the
-- same work it is harmless, because one at a time works.
do $seed$
begin
  if not exists (select from pg_available_extensions where name = 'pg_cron') then
    raise notice 'pg_cron is not available here: nothing was scheduled.';
    return;
  end if;
  create extension if not exists pg_cron;
  -- docs/ADMIN.md#retention: the figures of the dashboard, and what is older than 90 and 400 days.
  perform cron.schedule('sarmalink-figures', '* * * * *', 'select public.fold_figures()');
  perform cron.schedule('sarmalink-retention', '*/5 * * * *', 'select public.prune_ledger(90, 400)');
  -- docs/DATABASE.md#turns-of-processes-that-are-gone
  perform cron.schedule('settle-orphans', '* * * * *', $$
  select public.settle_orphans(500) where pg_postmaster_start_time() < now() - interval '2 minutes'
$$);
end
$seed$;
