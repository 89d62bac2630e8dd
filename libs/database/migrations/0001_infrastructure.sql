-- What every service's schema holds beside its own tables: outgoing and processed messages, answers by
-- idempotency key, durable jobs, leases. Times are UTC milliseconds.

create table outbox (
  sequence bigint generated always as identity primary key,
  message_id text not null unique,
  topic text not null,
  key text not null,
  envelope bytea not null,
  attempts integer not null default 0,
  created_at_ms bigint not null,
  dead_reason text
);
create index outbox_waiting on outbox (sequence) where dead_reason is null;

create table inbox (
  consumer text not null,
  message_id text not null,
  processed_at_ms bigint not null,
  primary key (consumer, message_id)
);
create index inbox_age on inbox (processed_at_ms);

create table idempotency_keys (
  scope text not null,
  key text not null,
  digest bytea not null,
  ticket text not null unique,
  status integer,
  body text,
  expires_at_ms bigint not null,
  primary key (scope, key)
);
create index idempotency_keys_age on idempotency_keys (expires_at_ms);

create table leases (
  name text primary key,
  holder text not null,
  expires_at_ms bigint not null
);

create table jobs (
  id bigint generated always as identity primary key,
  kind text not null,
  key text not null,
  payload jsonb not null,
  state text not null check (state in ('waiting', 'running', 'done', 'dead')),
  attempts integer not null default 0,
  run_at_ms bigint not null,
  lease_holder text,
  lease_until_ms bigint,
  last_error text,
  created_at_ms bigint not null,
  updated_at_ms bigint not null,
  unique (kind, key)
);
create index jobs_due on jobs (run_at_ms) where state = 'waiting';
create index jobs_leased on jobs (lease_until_ms) where state = 'running';
create index jobs_done on jobs (updated_at_ms) where state = 'done';
