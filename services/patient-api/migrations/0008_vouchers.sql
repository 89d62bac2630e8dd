-- A pseudonym's transactions are in the order of its account, whatever it was drawn for; several of one kind have a round each.
alter table transactions add column account text;
alter table transactions add column round integer not null default 0;
update transactions set account = (select account from exchanges where exchanges.exchange_id = transactions.exchange_id);
alter table transactions drop constraint transactions_pkey;
alter table transactions drop column exchange_id;
alter table transactions add primary key (account, kind, round);

-- The treasury's keys as the ledger pins them. None is forgotten: vouchers made with one may still be out.
create table voucher_keys (
  -- hexadecimal
  key_id text primary key,
  denomination bigint not null,
  public_key bytea not null,
  -- whether new vouchers are made with it
  issuing boolean not null
);

-- Patients' accounts that were paid, and whose credits become vouchers.
create table purses (
  account text primary key,
  patient_id text not null references patients (patient_id),
  pseudonym_index integer not null,
  -- when the treasury may be asked next: drawn, so that nobody can tell by the time who was paid
  due_at_ms bigint not null,
  -- why it does not go on
  code text,
  -- code of the last attempt that failed and will be made again
  last_error text,
  updated_at_ms bigint not null
);
create index purses_of_patient on purses (patient_id, account);

create table payouts (
  payout_id text primary key,
  sequence bigint generated always as identity unique,
  patient_id text not null references patients (patient_id),
  amount bigint not null,
  -- hash of the pay-out instructions, as it will stand on the ledger
  reference bytea not null unique,
  -- waiting, spending, redeeming, redeemed, failed
  status text not null,
  -- of the pseudonym that spends and redeems, once it was drawn
  pseudonym_index integer,
  due_at_ms bigint not null,
  code text,
  last_error text,
  requested_by text not null,
  created_at_ms bigint not null,
  updated_at_ms bigint not null
);
create index payouts_of_patient on payouts (patient_id, sequence);

-- A voucher is not kept: it follows from the patient's seed, its place here and the treasury's signature, which the ledger shows.
create table vouchers (
  account text not null references purses (account),
  -- of the account's requests, and of the voucher in its request
  round integer not null,
  position integer not null,
  patient_id text not null references patients (patient_id),
  pseudonym_index integer not null,
  key_id text not null references voucher_keys (key_id),
  denomination bigint not null,
  -- vrq_…, once the request is signed
  request_id text,
  -- asked, signed, made, spent, or returned: the treasury did not answer in time
  status text not null,
  -- of the treasury, on the blinded message
  blind_signature bytea,
  payout_id text references payouts (payout_id),
  primary key (account, round, position)
);
create index vouchers_of_request on vouchers (request_id) where status = 'asked';
create index vouchers_to_spend on vouchers (patient_id, denomination) where status = 'made' and payout_id is null;
create index vouchers_of_payout on vouchers (payout_id) where payout_id is not null;
