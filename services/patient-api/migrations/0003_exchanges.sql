create table exchanges (
  exchange_id text primary key,
  sequence bigint generated always as identity unique,
  patient_id text not null references patients (patient_id),
  record_id text not null references records (record_id),
  requirement_id text not null references requirements (requirement_id),
  institution text not null,
  reward bigint not null,
  phase text not null,
  -- when each phase was reached
  phases jsonb not null,
  code text,
  reason text,
  -- code of the last attempt that failed and will be made again
  last_error text,
  pseudonym_index integer not null,
  account text not null unique,
  -- derivation index of r
  instance_index integer not null,
  -- h
  commitment bytea not null unique,
  -- canonical: proof, issuer root, nullifiers
  proof bytea,
  claim_id text unique,
  deliver_by_ms bigint,
  -- the institution's key as it was pinned when the claim was accepted
  delegatee_key bytea,
  paid bigint,
  -- whether the person may claim again after a claim that came to nothing
  retryable boolean,
  -- consent: by whom, and in spite of conflicts that the agent knew of
  consented_by text not null,
  acknowledged_conflicts boolean not null,
  revocation_requested_at_ms bigint,
  revoked_at_ms bigint,
  started_at_ms bigint not null,
  updated_at_ms bigint not null
);
create index exchanges_of_patient on exchanges (patient_id, sequence);

create table exchange_parts (
  exchange_id text not null references exchanges (exchange_id),
  part text not null,
  version integer not null,
  capsule bytea not null,
  body_digest bytea not null,
  body_bytes bigint not null,
  primary key (exchange_id, part)
);

-- Signed transactions, written down before they are sent: after a restart the same bytes are sent again.
create table transactions (
  exchange_id text not null references exchanges (exchange_id),
  kind text not null,
  nonce integer not null,
  transaction_id text not null,
  bytes bytea not null,
  valid_until_ms bigint not null,
  accepted_height bigint,
  primary key (exchange_id, kind)
);
