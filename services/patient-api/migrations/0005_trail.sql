-- Events of the verified blocks that concern a patient's pseudonyms, each with its place on the ledger.
create table trail (
  -- the patient
  owner_id text not null,
  height bigint not null,
  -- of the receipt in the block, as in the receipt itself: -1 for the block's own
  receipt_index integer not null,
  event_index integer not null,
  account text not null,
  transaction_id text,
  claim_id text,
  requirement_id text,
  type text not null,
  -- canonical
  data bytea not null,
  at_ms bigint not null,
  primary key (owner_id, height, receipt_index, event_index)
);
create index trail_of_claim on trail (claim_id) where claim_id is not null;
create index trail_of_requirement on trail (requirement_id) where requirement_id is not null;

-- Receipts of these events, each with the proof that a light client checks.
create table trail_proofs (
  height bigint not null,
  receipt_index integer not null,
  proof bytea not null,
  primary key (height, receipt_index)
);

-- Set while a patient's trail is recovered from the ledger.
alter table patients add column is_restoring boolean not null default false;
