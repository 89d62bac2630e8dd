-- Anyone can name a claim: a grant is that of its account, so that nobody can stand in the claimant's place.
ALTER TABLE grants DROP CONSTRAINT grants_pkey;
ALTER TABLE grants ADD PRIMARY KEY (claim_id, account);
ALTER TABLE grants ADD COLUMN received_at_ms bigint NOT NULL DEFAULT 0;
CREATE INDEX grants_open_by_account ON grants (account) WHERE status = 'received';
CREATE INDEX bodies_by_account ON bodies (account);
