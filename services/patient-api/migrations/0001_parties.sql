-- Who this agent acts for: the hospital itself (`hospital`) and its patients. Seeds stand in the vault, never here.
create table parties (
  party_id text primary key,
  role text not null,
  enrolment_id text not null unique,
  -- sealed: the one-time token with the request made for it, sent again as it is until it is answered
  enrolment_request bytea,
  -- E-Cert, DER
  certificate bytea,
  certificate_not_after_ms bigint,
  -- derivation index of the next pseudonym that is asked for; an index is never used twice
  next_pseudonym integer not null default 0
);

create table patients (
  patient_id text primary key references parties (party_id) on delete cascade,
  sequence bigint generated always as identity unique,
  -- sealed: a hospital may put a name there
  label bytea not null,
  -- derivation indexes of the next record's secret and of the next instance's blinding
  next_record integer not null default 0,
  next_instance integer not null default 0,
  created_at_ms bigint not null
);

-- Requests for T-Certs that are not answered yet.
create table t_cert_requests (
  request_id text primary key,
  party_id text not null references parties (party_id) on delete cascade,
  epoch bigint not null,
  first_index integer not null,
  count integer not null,
  request bytea not null
);

create table pseudonyms (
  party_id text not null references parties (party_id) on delete cascade,
  pseudonym_index integer not null,
  account text not null unique,
  -- T-Cert
  certificate bytea not null,
  not_before_ms bigint not null,
  not_after_ms bigint not null,
  -- what it was drawn for, once: an exchange, or `ledger-reader`
  used_for text,
  primary key (party_id, pseudonym_index)
);
create index pseudonyms_unused on pseudonyms (party_id, pseudonym_index) where used_for is null;

create table records (
  record_id text primary key,
  patient_id text not null references patients (patient_id),
  sequence bigint generated always as identity unique,
  -- SHA-256 of the sealed record in the object store
  object_digest bytea not null,
  size_bytes bigint not null,
  imported_at_ms bigint not null
);
create index records_of_patient on records (patient_id, sequence);
