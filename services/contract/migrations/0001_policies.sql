CREATE TABLE policies (
  requirement_id text PRIMARY KEY,
  policy bytea NOT NULL,
  stored_at_ms bigint NOT NULL
);
