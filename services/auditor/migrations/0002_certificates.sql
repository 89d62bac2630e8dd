-- T-Certs by the account that they registered, as they stand in the chain: an opening needs the sealed identity in one.
CREATE TABLE certificates (
  account text PRIMARY KEY,
  certificate bytea NOT NULL
);
