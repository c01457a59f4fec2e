import type postgres from "postgres";

/** An engine of the history, with what it costs and how fast it is. */
type Past = { provider: string; model: string; usdPer1k: number; latencyMs: number; firstTokenMs: number };

const ENGINES: readonly Past[] = [
  { provider: "groq", model: "openai/gpt-oss-120b", usdPer1k: 0.0006, latencyMs: 1_400, firstTokenMs: 210 },
  { provider: "groq", model: "qwen/qwen3-32b", usdPer1k: 0.0004, latencyMs: 1_100, firstTokenMs: 180 },
  { provider: "groq", model: "llama-3.1-8b-instant", usdPer1k: 0.00006, latencyMs: 420, firstTokenMs: 90 },
  { provider: "cerebras", model: "gpt-oss-120b", usdPer1k: 0.0005, latencyMs: 900, firstTokenMs: 240 },
  {
    provider: "cerebras",
    model: "qwen-3-235b-a22b-instruct-2507",
    usdPer1k: 0.0008,
    latencyMs: 1_800,
    firstTokenMs: 320,
  },
];
const DAYS = 30;

// Busy by day and quiet by night. Two hours ago, for 40 minutes, the first provider was at its limit.
const FILL = `
  insert into ai_chat_usage (id, user_id, tier, quota_day, model, backend, prompt_tokens, completion_tokens,
    cached_tokens, cost_usd, status, usage_source, delivered, settle_hash, created_at, settled_at, route, attempts)
  select id, $2, (array['smart','smart','smart','coder','coder','fast'])[1 + floor(draw * 6)::integer],
    created_at::date, last->>'model', last->>'provider', prompt, completion, cached, cost,
    case when failed then 'failed' when random() < 0.008 then 'cancelled' else 'completed' end, 'exact', not failed,
    sha256('x'), created_at, created_at + interval '2 seconds', '/api/ai-chat',
    coalesce(case when rescued or failed then jsonb_build_array(jsonb_build_object('model_id', early->>'model',
        'backend', early->>'provider', 'status', (array['rate_limited','rate_limited','server_error','timeout','reset'])[1 + floor(random() * 5)::integer],
        'latency_ms', 80 + floor(random() * 300), 'started_ms', 0, 'meta', '{}'::jsonb)) end, '[]')
    || case when failed then jsonb_build_array(jsonb_build_object('model_id', last->>'model', 'backend',
        last->>'provider', 'status', 'server_error', 'latency_ms', 200, 'started_ms', 300, 'meta', '{}'::jsonb))
      else jsonb_build_array(jsonb_build_object('model_id', last->>'model', 'backend', last->>'provider',
        'status', 'ok', 'latency_ms', latency, 'first_token_ms', first_token, 'started_ms', 0, 'meta', '{}'::jsonb,
        'prompt_tokens', prompt, 'completion_tokens', completion, 'cached_tokens', cached, 'usage_source', 'exact',
        'billed', true, 'cost_usd', cost, 'list_usd', cost, 'cached_savings_usd', cost * cached / prompt / 2)) end
  from (
    select gen_random_uuid() as id, at + random() * interval '4 minutes' as created_at, draw, prompt,
      200 + floor(random() * 700)::integer as completion, floor(prompt * draw * 0.6)::integer as cached,
      case when failed then 0 else (prompt + 900) * (last->>'usdPer1k')::numeric / 1000 end as cost,
      failed, rescued and not failed as rescued, early, last,
      floor((last->>'latencyMs')::numeric * (0.5 + draw + random() * random() * 2))::integer as latency,
      floor((last->>'firstTokenMs')::numeric * (0.6 + draw * 0.8 + random() * random() * 3))::integer as first_token
    from (
      select at, random() as draw, 900 + floor(random() * 4000)::integer as prompt,
        random() < 0.012 as failed,
        random() < case when at between now() - interval '160 minutes' and now() - interval '110 minutes'
          then 0.5 else 0.03 end as rescued,
        ($1::jsonb)->(3 + floor(random() * 2)::integer) as early,
        ($1::jsonb)->(floor(random() * random() * 5)::integer) as last
      from generate_series(now() - interval '${DAYS} days', now() - interval '5 minutes', interval '4 minutes') as at
      cross join lateral generate_series(1, (random() * 1.2 + 4 * greatest(0.05,
        sin(pi() * (extract(hour from at) + extract(minute from at) / 60 - 5) / 15)))::integer)
    ) drawn
  ) turn`;

const EVENTS = `
  insert into ai_events (request_id, user_id, event_type, model_id, backend, status, latency_ms, first_token_ms, created_at)
  select usage.id, usage.user_id, 'attempt', attempt->>'model_id', attempt->>'backend', attempt->>'status',
    (attempt->>'latency_ms')::integer, (attempt->>'first_token_ms')::integer, usage.created_at
  from ai_chat_usage usage cross join lateral jsonb_array_elements(usage.attempts) as attempt
  where usage.route = '/api/ai-chat' and not exists (select from ai_events event where event.request_id = usage.id)`;

/** Thirty days of a gateway that is used, as its ledger has them. The times and prices are made up. */
export async function fillHistory(sql: postgres.Sql, userId: string): Promise<void> {
  await sql.unsafe(FILL, [sql.json(ENGINES), userId]);
  await sql.unsafe(EVENTS);
}
