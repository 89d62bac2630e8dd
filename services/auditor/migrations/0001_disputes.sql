-- What this auditor has found and said. What it saw, evidence and bodies, is not kept.
CREATE TABLE disputes (
  claim_id text PRIMARY KEY,
  requirement_id text NOT NULL,
  institution text NOT NULL,
  status text NOT NULL,
  opened_at_ms bigint NOT NULL,
  rule_by_ms bigint NOT NULL,
  -- this auditor's finding
  outcome text,
  reason text,
  part text,
  checks jsonb NOT NULL,
  -- why there is no finding yet, or none will be
  code text,
  approved_at_ms bigint,
  -- the ruling of the majority
  ruled text,
  updated_at_ms bigint NOT NULL
);
CREATE INDEX disputes_by_time ON disputes (opened_at_ms, claim_id);

CREATE TABLE ledger_cursor (
  id integer PRIMARY KEY,
  height bigint NOT NULL,
  hash bytea NOT NULL
);
