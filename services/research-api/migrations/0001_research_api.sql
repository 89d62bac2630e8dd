CREATE TABLE institutions (
  institution_id text PRIMARY KEY,
  name text NOT NULL,
  enrolment_id text NOT NULL UNIQUE,
  account text NOT NULL UNIQUE,
  status text NOT NULL,
  code text,
  -- the enrolment request under way, sent again as it is after a crash
  request bytea,
  member bytea,
  certificate bytea,
  certificate_until_ms bigint,
  created_at_ms bigint NOT NULL
);

CREATE TABLE requirements (
  job_id text PRIMARY KEY,
  institution_id text NOT NULL REFERENCES institutions,
  requirement_id text NOT NULL UNIQUE,
  title text NOT NULL,
  status text NOT NULL,
  code text,
  reason text,
  policy bytea NOT NULL,
  policy_hash bytea NOT NULL,
  terms bytea NOT NULL,
  -- with the sample's proof, once that is made
  release bytea,
  created_at_ms bigint NOT NULL,
  updated_at_ms bigint NOT NULL
);
CREATE INDEX requirements_by_institution ON requirements (institution_id, created_at_ms, job_id);

CREATE TABLE deliveries (
  claim_id text PRIMARY KEY,
  institution_id text NOT NULL REFERENCES institutions,
  requirement_id text NOT NULL,
  record_id text NOT NULL,
  record bytea NOT NULL,
  status text NOT NULL,
  -- what the ledger recorded: parts with their transformed capsules
  transformed bytea,
  delivered_at_ms bigint,
  settle_by_ms bigint,
  checks jsonb NOT NULL,
  parts jsonb NOT NULL,
  code text,
  dispute_code text,
  evidence_key text,
  accepted_at_ms bigint NOT NULL,
  updated_at_ms bigint NOT NULL
);
CREATE INDEX deliveries_by_institution ON deliveries (institution_id, accepted_at_ms, claim_id);
CREATE INDEX deliveries_by_requirement ON deliveries (requirement_id);

CREATE TABLE ledger_cursor (
  id integer PRIMARY KEY,
  height bigint NOT NULL,
  hash bytea NOT NULL
);
