CREATE TABLE deposits (
  reference text PRIMARY KEY,
  account text NOT NULL,
  amount bigint NOT NULL,
  transaction_id text,
  valid_until_ms bigint,
  outcome text
);
