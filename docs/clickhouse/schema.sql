-- Sightline's own tables in ClickHouse, for operators who choose how their events lie. Run it in the database of your choice:
--   clickhouse-client --database sightline --multiquery < schema.sql
--
-- Every table has `project_id` first, in its columns and in its sorting key: each query reads one project, so its rows lie together.
-- A null says that nothing is known, an empty text that there is none: both are kept, hence `Nullable`. Lists and maps are never null.
-- `LowCardinality` where a column has few different values: it is what most questions group by.

-- What happened. Sorted by time within a project, since every question has a range; the indexes let a person's or a visit's events be
-- found without reading the range, and a funnel skip the blocks that have none of its events.
CREATE TABLE events (
  project_id LowCardinality(String),
  event_id Nullable(String),
  timestamp DateTime64(3, 'UTC'),
  name LowCardinality(Nullable(String)),
  profile_id Nullable(String),
  device_id Nullable(String),
  session_id Nullable(String),
  groups Array(String),
  origin LowCardinality(Nullable(String)),
  path Nullable(String),
  title Nullable(String),
  referrer Nullable(String),
  referrer_name LowCardinality(Nullable(String)),
  referrer_type LowCardinality(Nullable(String)),
  utm_source LowCardinality(Nullable(String)),
  utm_medium LowCardinality(Nullable(String)),
  utm_campaign LowCardinality(Nullable(String)),
  utm_content LowCardinality(Nullable(String)),
  utm_term LowCardinality(Nullable(String)),
  country LowCardinality(Nullable(String)),
  region LowCardinality(Nullable(String)),
  city LowCardinality(Nullable(String)),
  latitude Nullable(Float64),
  longitude Nullable(Float64),
  device LowCardinality(Nullable(String)),
  brand LowCardinality(Nullable(String)),
  model LowCardinality(Nullable(String)),
  browser LowCardinality(Nullable(String)),
  browser_version LowCardinality(Nullable(String)),
  os LowCardinality(Nullable(String)),
  os_version LowCardinality(Nullable(String)),
  duration_ms Nullable(Int64),
  revenue Nullable(Int64),
  sdk_name LowCardinality(Nullable(String)),
  sdk_version LowCardinality(Nullable(String)),
  properties Map(LowCardinality(String), String),
  INDEX by_profile profile_id TYPE bloom_filter(0.01) GRANULARITY 4,
  INDEX by_session session_id TYPE bloom_filter(0.01) GRANULARITY 4,
  INDEX by_name name TYPE set(100) GRANULARITY 4
) ENGINE = MergeTree PARTITION BY toYYYYMM(timestamp) ORDER BY (project_id, timestamp);

-- Visits, one row each. `started_at` never changes once a visit is over: write a row when it ends.
CREATE TABLE sessions (
  project_id LowCardinality(String),
  session_id Nullable(String),
  profile_id Nullable(String),
  device_id Nullable(String),
  started_at DateTime64(3, 'UTC'),
  ended_at Nullable(DateTime64(3, 'UTC')),
  duration_ms Nullable(Int64),
  is_bounce Nullable(Bool),
  entry_origin LowCardinality(Nullable(String)),
  entry_path Nullable(String),
  exit_origin LowCardinality(Nullable(String)),
  exit_path Nullable(String),
  screen_view_count Nullable(Int64),
  event_count Nullable(Int64),
  revenue Nullable(Int64),
  referrer Nullable(String),
  referrer_name LowCardinality(Nullable(String)),
  referrer_type LowCardinality(Nullable(String)),
  utm_source LowCardinality(Nullable(String)),
  utm_medium LowCardinality(Nullable(String)),
  utm_campaign LowCardinality(Nullable(String)),
  utm_content LowCardinality(Nullable(String)),
  utm_term LowCardinality(Nullable(String)),
  country LowCardinality(Nullable(String)),
  region LowCardinality(Nullable(String)),
  city LowCardinality(Nullable(String)),
  latitude Nullable(Float64),
  longitude Nullable(Float64),
  device LowCardinality(Nullable(String)),
  brand LowCardinality(Nullable(String)),
  model LowCardinality(Nullable(String)),
  browser LowCardinality(Nullable(String)),
  browser_version LowCardinality(Nullable(String)),
  os LowCardinality(Nullable(String)),
  os_version LowCardinality(Nullable(String)),
  groups Array(String),
  rage_clicks Nullable(Int64),
  dead_clicks Nullable(Int64),
  error_clicks Nullable(Int64),
  js_errors Nullable(Int64),
  network_errors Nullable(Int64),
  form_abandons Nullable(Int64),
  quick_backs Nullable(Int64),
  idle_ms Nullable(Int64),
  frustration_score Nullable(Float64),
  has_feedback Nullable(Bool),
  has_replay Nullable(Bool),
  INDEX by_profile profile_id TYPE bloom_filter(0.01) GRANULARITY 4,
  INDEX by_session session_id TYPE bloom_filter(0.01) GRANULARITY 4
) ENGINE = MergeTree PARTITION BY toYYYYMM(started_at) ORDER BY (project_id, started_at);

-- People and devices. One row each: replace rows with `ReplacingMergeTree` and read them by a mapping with `"final": true` if yours change.
CREATE TABLE profiles (
  project_id LowCardinality(String),
  profile_id Nullable(String),
  is_identified Nullable(Bool),
  first_name Nullable(String),
  last_name Nullable(String),
  email Nullable(String),
  avatar Nullable(String),
  properties Map(LowCardinality(String), String),
  groups Array(String),
  created_at Nullable(DateTime64(3, 'UTC')),
  last_seen_at Nullable(DateTime64(3, 'UTC'))
) ENGINE = MergeTree ORDER BY (project_id, profile_id) SETTINGS allow_nullable_key = 1;

-- Companies, teams and other things people belong to.
CREATE TABLE groups (
  project_id LowCardinality(String),
  group_id Nullable(String),
  type LowCardinality(Nullable(String)),
  name Nullable(String),
  properties Map(LowCardinality(String), String),
  created_at Nullable(DateTime64(3, 'UTC')),
  updated_at Nullable(DateTime64(3, 'UTC'))
) ENGINE = MergeTree ORDER BY (project_id, group_id) SETTINGS allow_nullable_key = 1;

-- Search Console: by day, by page, by query, by both.
CREATE TABLE gsc_daily (
  project_id LowCardinality(String),
  date Date,
  clicks Nullable(Int64),
  impressions Nullable(Int64),
  ctr Nullable(Float64),
  position Nullable(Float64)
) ENGINE = MergeTree ORDER BY (project_id, date);

CREATE TABLE gsc_pages (
  project_id LowCardinality(String),
  date Date,
  clicks Nullable(Int64),
  impressions Nullable(Int64),
  ctr Nullable(Float64),
  position Nullable(Float64),
  page String
) ENGINE = MergeTree ORDER BY (project_id, date, page);

CREATE TABLE gsc_queries (
  project_id LowCardinality(String),
  date Date,
  clicks Nullable(Int64),
  impressions Nullable(Int64),
  ctr Nullable(Float64),
  position Nullable(Float64),
  query String
) ENGINE = MergeTree ORDER BY (project_id, date, query);

CREATE TABLE gsc_query_pages (
  project_id LowCardinality(String),
  date Date,
  clicks Nullable(Int64),
  impressions Nullable(Int64),
  ctr Nullable(Float64),
  position Nullable(Float64),
  query String,
  page String
) ENGINE = MergeTree ORDER BY (project_id, date, query, page);

