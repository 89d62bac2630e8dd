alter table deliveries add column verified_at_ms bigint;
-- what the settlement cost: to the patient, to the consortium
alter table deliveries add column paid bigint;
alter table deliveries add column fee bigint;
create index deliveries_of_requirement on deliveries (requirement_id, accepted_at_ms, claim_id);

create table webhooks (
  webhook_id text primary key,
  institution_id text not null references institutions (institution_id),
  url text not null,
  -- types of ledger events
  events jsonb not null,
  -- sealed: the key of the signatures
  secret bytea not null,
  created_at_ms bigint not null,
  -- null while in use; otherwise when it was removed, or when its receiver said that it is gone
  ended_at_ms bigint,
  -- code of the last attempt that failed; null after one that did not
  last_error text,
  delivered_at_ms bigint
);
create index webhooks_of_institution on webhooks (institution_id) where ended_at_ms is null;
