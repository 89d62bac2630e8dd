-- A ciphertext body that the object store holds, and who brought it.
CREATE TABLE bodies (
  sha256 text PRIMARY KEY,
  size_bytes bigint NOT NULL,
  account text NOT NULL,
  stored_at_ms bigint NOT NULL
);

-- Who may read a body: the institution of a claim whose delivery the ledger has recorded.
CREATE TABLE entitlements (
  sha256 text NOT NULL,
  account text NOT NULL,
  claim_id text NOT NULL,
  PRIMARY KEY (sha256, account, claim_id)
);

-- Re-encryption keys as they came, sealed to this proxy; emptied when they are destroyed.
CREATE TABLE grants (
  claim_id text PRIMARY KEY,
  account text NOT NULL,
  sealed bytea NOT NULL,
  status text NOT NULL,
  reason text,
  delivery_transaction_id text,
  revocation_statement bytea,
  updated_at_ms bigint NOT NULL
);

-- The last block that was handled.
CREATE TABLE ledger_cursor (
  id int PRIMARY KEY CHECK (id = 1),
  height bigint NOT NULL,
  hash bytea NOT NULL
);
