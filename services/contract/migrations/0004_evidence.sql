-- What open disputes rest on, sealed to the auditors.
CREATE TABLE evidence (
  claim_id text PRIMARY KEY,
  evidence bytea NOT NULL,
  stored_at_ms bigint NOT NULL
);
