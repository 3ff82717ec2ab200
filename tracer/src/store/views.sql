-- The views. They are created anew whenever the program opens the file for
-- writing, so they need no migration. Each aggregates before it joins, so that
-- no row is ever counted twice.

-- One row per entry of a session's metadata: episode_config, episode_results, …
create or replace view session_metadata as
select
    session_id,
    cast(entry ->> '$.seq' as bigint) as seq,
    entry ->> '$.metadata_type' as metadata_type,
    entry -> '$.data' as data,
    entry ->> '$.time' as time
from (select session_id, unnest(cast(metadata as json[])) as entry from session_traces);

-- One row per call of a model, with its request and its response as they were sent.
create or replace view llm_calls as
with calls as (
    select
        id as event_id,
        session_id,
        timestep_id,
        seq,
        message_time,
        unnest(range(cast(json_array_length(llm_call_records) as bigint))) as call,
        llm_call_records -> call as record
    from events
    where event_type = 'cais'
), split as (
    select
        event_id,
        session_id,
        call,
        string_split_regex(record ->> '$.request', '\{"\$part":\d+\}') as own,
        regexp_extract_all(record ->> '$.request', '\{"\$part":(\d+)\}', 1) as parts
    from calls
), pieces as (
    select
        event_id,
        session_id,
        call,
        generate_subscripts(own, 1) as piece,
        unnest(own) as own,
        cast(unnest(parts) as bigint) as part
    from split
), requests as (
    select
        event_id,
        call,
        cast(string_agg(own || coalesce(cast(content as varchar), ''), '' order by piece) as json) as request
    from pieces
    left join request_parts using (session_id, part)
    group by event_id, call
)
select
    event_id,
    session_id,
    timestep_id,
    seq,
    message_time,
    call,
    record ->> '$.model_name' as model_name,
    request,
    record -> '$.response' as response
from calls
left join requests using (event_id, call)
order by event_id, call;

-- One row per session: how it ended, its counts, tokens, cost and reward.
create or replace view session_summary as
with totals as (
    select
        session_id,
        count(distinct model_name) as models_used,
        count(distinct provider) as providers_used,
        count(*) filter (where event_type = 'cais') as calls,
        cast(sum(prompt_tokens) as bigint) as prompt_tokens,
        cast(sum(completion_tokens) as bigint) as completion_tokens,
        cast(sum(total_tokens) as bigint) as total_tokens_used,
        sum(cost) as total_cost,
        sum(latency_ms) as model_ms,
        sum(reward) as total_reward
    from events
    group by session_id
), hooks as (
    select session_id, count(*) as hook_results
    from hook_results
    group by session_id
)
select
    s.session_id,
    s.experiment_id,
    s.status,
    s.created_at,
    s.ended_at,
    date_diff('millisecond', s.created_at, s.ended_at) / 1000.0 as seconds,
    s.num_timesteps,
    s.num_events,
    s.num_messages,
    coalesce(h.hook_results, 0) as num_hook_results,
    coalesce(t.models_used, 0) as models_used,
    coalesce(t.providers_used, 0) as providers_used,
    coalesce(t.calls, 0) as num_calls,
    t.prompt_tokens,
    t.completion_tokens,
    t.total_tokens_used,
    t.total_cost,
    t.model_ms,
    t.total_reward
from session_traces s
left join totals t using (session_id)
left join hooks h using (session_id)
order by s.created_at, s.session_id;

-- One row per model: calls, tokens and cost. unpriced_calls have a cost of NULL.
create or replace view model_usage_stats as
select
    model_name,
    provider,
    count(*) as call_count,
    cast(sum(prompt_tokens) as bigint) as total_prompt_tokens,
    cast(sum(completion_tokens) as bigint) as total_completion_tokens,
    cast(sum(cached_tokens) as bigint) as total_cached_tokens,
    cast(sum(reasoning_tokens) as bigint) as total_reasoning_tokens,
    cast(sum(total_tokens) as bigint) as total_tokens,
    avg(latency_ms) as avg_latency_ms,
    sum(cost) as total_cost,
    count(*) filter (where cost is null) as unpriced_calls,
    min(event_time) as first_call,
    max(event_time) as last_call
from events
where event_type = 'cais' and model_name is not null
group by model_name, provider
order by call_count desc, model_name, provider;

-- One row per model: how long its calls take, in milliseconds.
create or replace view performance_metrics as
select
    model_name,
    provider,
    count(latency_ms) as timed_calls,
    avg(latency_ms) as avg_latency_ms,
    quantile_cont(latency_ms, 0.50) as p50_latency_ms,
    quantile_cont(latency_ms, 0.95) as p95_latency_ms,
    quantile_cont(latency_ms, 0.99) as p99_latency_ms,
    max(latency_ms) as max_latency_ms,
    sum(completion_tokens) filter (where latency_ms is not null) / nullif(sum(latency_ms), 0) * 1000
        as completion_tokens_per_second
from events
where event_type = 'cais' and model_name is not null
group by model_name, provider
order by model_name, provider;

-- One row per event that ended in an error, a panic or a cancellation.
create or replace view error_events as
select
    id as event_id,
    session_id,
    timestep_id,
    seq,
    event_type,
    system_instance_id,
    model_name,
    event_time,
    message_time,
    system_state_after ->> '$.error.type' as error_type,
    system_state_after ->> '$.error.message' as error_message
from events
-- The plain text search spares parsing the states of the events that went well.
where contains(cast(system_state_after as varchar), '"error"')
  and json_exists(system_state_after, '$.error.type')
order by event_time, id;

-- One row per experiment: its sessions, systems, tokens and cost.
create or replace view experiment_overview as
with sessions as (
    select
        experiment_id,
        count(*) as session_count,
        count(*) filter (where ended_at is null) as unfinished_sessions,
        min(created_at) as first_session,
        max(created_at) as last_session
    from session_traces
    group by experiment_id
), usage as (
    select s.experiment_id, cast(sum(e.total_tokens) as bigint) as total_tokens, sum(e.cost) as total_cost
    from session_traces s
    join events e using (session_id)
    group by s.experiment_id
), members as (
    select
        experiment_id,
        count(distinct system_id) as system_count,
        list(distinct s.name order by s.name) as systems
    from experimental_systems m
    join systems s on s.id = m.system_id
    group by experiment_id
)
select
    e.id as experiment_id,
    e.name as experiment_name,
    e.description,
    e.created_at,
    coalesce(s.session_count, 0) as session_count,
    coalesce(s.unfinished_sessions, 0) as unfinished_sessions,
    coalesce(m.system_count, 0) as system_count,
    m.systems,
    u.total_tokens,
    u.total_cost,
    s.first_session,
    s.last_session
from experiments e
left join sessions s on s.experiment_id = e.id
left join usage u on u.experiment_id = e.id
left join members m on m.experiment_id = e.id
order by e.created_at, e.id;
