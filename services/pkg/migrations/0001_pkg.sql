-- The PKG's register: who is enrolled, what was certified, who may attest. Times are UTC milliseconds.

-- One-time enrolment tokens: of each only the digest.
create table enrolment_tokens (
  digest bytea primary key,
  enrolment_id text not null,
  role text not null,
  -- Who vouches for the enrolment: 'operator', or the enrolment id of a hospital.
  sponsor text not null,
  expires_at_ms bigint not null,
  used_at_ms bigint
);
create index enrolment_tokens_of_enrolment on enrolment_tokens (enrolment_id);
create index enrolment_tokens_age on enrolment_tokens (expires_at_ms);

create table enrolments (
  enrolment_id text primary key,
  role text not null,
  sponsor text not null,
  -- Fixed at enrolment and kept; one person has one.
  subject_commitment bytea unique,
  enrolled_at_ms bigint not null,
  revoked_at_ms bigint,
  revocation_reason text
);

create table e_certs (
  serial text primary key,
  enrolment_id text not null references enrolments,
  public_key bytea not null,
  certificate bytea not null,
  -- The same request sent again gets the same certificate.
  request_digest bytea not null unique,
  not_after_ms bigint not null,
  revoked_at_ms bigint
);
create index e_certs_of_enrolment on e_certs (enrolment_id);
create index e_certs_by_key on e_certs (public_key);

create table t_cert_requests (
  request_id bytea primary key,
  enrolment_id text not null references enrolments,
  request_digest bytea not null,
  answer bytea not null,
  not_after_ms bigint not null
);
create index t_cert_requests_age on t_cert_requests (not_after_ms);

-- Whose a pseudonym is: the PKG is trusted with it (docs/scheme.md, section 9).
create table t_certs (
  serial bytea primary key,
  enrolment_id text not null references enrolments,
  account_key bytea not null unique,
  pre_key bytea unique,
  not_before_ms bigint not null,
  not_after_ms bigint not null,
  revoked_at_ms bigint
);
create index t_certs_of_enrolment on t_certs (enrolment_id, not_before_ms);

create table issuers (
  place integer primary key,
  enrolment_id text not null references enrolments,
  ax bytea not null,
  ay bytea not null,
  s bytea not null,
  leaf bytea not null unique,
  -- Of the tree, with this issuer in it.
  version bigint not null,
  removed_at_ms bigint
);
create index issuers_of_enrolment on issuers (enrolment_id);

-- One row: every change of the tree locks it.
create table issuer_tree (
  id integer primary key check (id = 1),
  size integer not null,
  version bigint not null,
  -- Version of the last removal, and what the ledger has.
  removed_version bigint not null,
  published_version bigint not null
);
insert into issuer_tree (id, size, version, removed_version, published_version) values (1, 0, 0, 0, 0);

-- One row: the signed list in force.
create table revocation_list (
  id integer primary key check (id = 1),
  sequence bigint not null,
  list bytea not null
);

-- How far the ledger was followed.
create table ledger_cursor (
  id integer primary key check (id = 1),
  height bigint not null,
  hash bytea not null
);
