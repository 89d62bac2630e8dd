-- Every mint that was ever sent for a deposit: its bytes follow from these fields, so that it can be sent again as it was, and
-- a second one is made only where the two cannot both be accepted (they share their nonce, or that of the first is used).
CREATE TABLE deposit_attempts (
  transaction_id text PRIMARY KEY,
  reference text NOT NULL REFERENCES deposits (reference),
  nonce bigint NOT NULL,
  valid_until_ms bigint NOT NULL
);
CREATE INDEX deposit_attempts_by_reference ON deposit_attempts (reference);

ALTER TABLE deposits DROP COLUMN transaction_id;
ALTER TABLE deposits DROP COLUMN valid_until_ms;
-- Of the first attempt: what was begun is ended before the next is begun.
ALTER TABLE deposits ADD COLUMN started_at_ms bigint;
