-- The trace file, schema version 3.
--
-- A session (an episode) holds timesteps (turns); a timestep holds events
-- (a state change inside one system) and messages (information that crosses
-- from one system to another). `seq` counts the records of a session from 0
-- and orders them; clocks never do.
--
-- Times are UTC, in microseconds. Money is US dollars, never rounded.
-- Documents are JSON. An absent value is NULL, never zero.
--
-- There are no foreign keys: DuckDB turns an update of a referenced row into a
-- delete and an insert, which a foreign key then forbids.

-- The last row is the version of this file.
create table schema_version (
    version    integer primary key,
    applied_at timestamp not null,
    program    varchar                     -- the version of the program that brought the file here
);

-- One row per session. It appears when the session starts, with the status
-- 'running', and its counts always match the rows that are there. ended_at and
-- the final status are written together with the session's last record.
create table session_traces (
    session_id    varchar primary key,
    created_at    timestamp not null,
    ended_at      timestamp,
    status        varchar not null,        -- 'running', then how it ended
    num_timesteps bigint not null,
    num_events    bigint not null,
    num_messages  bigint not null,
    metadata      json not null,           -- [{"seq", "metadata_type", "data", "time"}, …]; see session_metadata
    experiment_id varchar                  -- experiments.id
);

-- One row per timestep of a session.
create table session_timesteps (
    id            bigint primary key,
    session_id    varchar not null,
    seq           bigint not null,
    step_id       varchar not null,        -- unique in its session
    step_index    bigint not null,         -- 0, 1, 2, … in its session
    turn_number   bigint not null,         -- the agent's turn; the first is 0
    timestamp     timestamp not null,      -- when it started
    completed_at  timestamp,               -- NULL while it is open
    num_events    bigint not null,
    num_messages  bigint not null,
    step_metadata json not null,
    unique (session_id, step_id)
);

-- One row per event, of all three kinds.
create table events (
    id                  bigint primary key,
    session_id          varchar not null,
    timestep_id         bigint,            -- session_timesteps.id; NULL outside a timestep
    seq                 bigint not null,
    event_type          varchar not null,  -- 'cais' (a model or agent), 'runtime', 'environment'
    system_instance_id  varchar not null,
    event_time          timestamp not null,
    message_time        bigint,            -- the logical turn

    -- cais
    span_id             varchar,
    trace_id            varchar,
    model_name          varchar,
    provider            varchar,
    prompt_tokens       bigint,
    completion_tokens   bigint,
    total_tokens        bigint,
    cached_tokens       bigint,            -- part of prompt_tokens
    reasoning_tokens    bigint,            -- part of completion_tokens
    cost                double,            -- US dollars; NULL when the price is unknown
    latency_ms          double,            -- milliseconds

    -- environment
    reward              double,
    terminated          boolean,
    truncated           boolean,

    actions             json,              -- runtime: what was decided
    observation_diff    json,              -- environment: what the agent saw change
    llm_call_records    json,              -- cais: every request and response, raw body included;
                                           -- {"$part": 7} is in request_parts, llm_calls has it whole
    system_state_before json,
    system_state_after  json,              -- {"error": {"type", "message"}} when it failed
    metadata            json not null,
    event_metadata      json not null      -- the hook results, also in hook_results
);

-- What the requests to models have in common: messages, lists of tools. Each is here once,
-- and {"$part": …} stands for it in the requests of its session.
create table request_parts (
    session_id varchar not null,
    part       bigint not null,            -- 0, 1, 2, … in its session
    content    json not null
);

-- One row per message. An observation is also part of the prompt that a model was asked
-- with, which llm_calls has as it was sent. What is recorded between
-- timesteps, such as the observation after the last action, has no timestep_id.
create table messages (
    id           bigint primary key,
    session_id   varchar not null,
    timestep_id  bigint,                   -- session_timesteps.id; NULL outside a timestep
    seq          bigint not null,
    message_type varchar not null,         -- 'observation', 'tool_call', 'action', …
    source_id    varchar not null,         -- the system it comes from
    target_id    varchar not null,         -- the system it goes to
    content      json not null,            -- {"origin_system_id", "payload"}
    timestamp    timestamp not null,       -- the same as event_time
    event_time   timestamp not null,
    message_time bigint                    -- the logical turn
);

-- One row per result of a hook.
create table hook_results (
    event_id    bigint not null,           -- events.id
    session_id  varchar not null,
    hook_name   varchar not null,
    code        varchar not null,          -- one character
    priority    integer not null,
    description varchar not null,
    data        json not null,
    time        timestamp not null         -- of the event
);

-- One row per reward signal that was tracked beside the environment's own, with
-- `track_reward` or `SynthTracker::track_reward_signal`. The environment's own rewards
-- are events.reward, and are not repeated here: without such signals the table is empty.
create table rewards (
    session_id varchar not null,
    seq        bigint not null,
    event_id   bigint,                     -- events.id of the event it was given for
    kind       varchar not null,
    value      double not null,
    annotation varchar,
    time       timestamp not null
);

-- What takes part in experiments: registered once, used by many runs.
create table systems (
    id          varchar primary key,       -- first 16 hex digits of SHA-256 of the name
    name        varchar not null,
    description varchar
);

create table system_versions (
    id          varchar primary key,
    system_id   varchar not null,          -- systems.id
    branch      varchar,                   -- git
    commit      varchar,                   -- git
    created_at  timestamp not null,
    description varchar
);

-- A run is an experiment; its sessions name it.
create table experiments (
    id          varchar primary key,
    name        varchar not null,
    description varchar,
    created_at  timestamp not null,
    updated_at  timestamp not null,
    metadata    json not null
);

create table experimental_systems (
    experiment_id     varchar not null,    -- experiments.id
    system_id         varchar not null,    -- systems.id
    system_version_id varchar not null,    -- system_versions.id
    primary key (experiment_id, system_id, system_version_id)
);
