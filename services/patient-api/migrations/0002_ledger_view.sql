-- What was read out of the certified blocks, in one transaction with the cursor: nothing is counted twice.
create table ledger_cursor (
  id integer primary key check (id = 1),
  height bigint not null,
  hash bytea not null
);

create table requirements (
  requirement_id text primary key,
  institution text not null,
  -- canonical terms as the institution signed them
  terms bytea not null,
  -- exclusivity domains in the order of the circuit's slots
  domains jsonb not null,
  status text not null,
  taken integer not null default 0,
  -- canonical compiled policy, once one was found that hashes to h'
  policy bytea
);
create index requirements_open on requirements (requirement_id) where status = 'open';

create table members (
  account text primary key,
  role text not null,
  delegatee_key bytea,
  seal_key bytea
);
