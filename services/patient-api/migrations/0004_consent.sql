-- What a patient said about standing rules, signed with the enrolment key and chained: the record of consent. Never changed.
create table consent_statements (
  patient_id text not null references patients (patient_id),
  sequence integer not null,
  statement bytea not null,
  signature bytea not null,
  primary key (patient_id, sequence)
);

-- The rules as the statements leave them.
create table consent_rules (
  rule_id text primary key,
  patient_id text not null references patients (patient_id),
  rule jsonb not null,
  created_at_ms bigint not null,
  revoked_at_ms bigint
);
create index consent_rules_in_force on consent_rules (patient_id, rule_id) where revoked_at_ms is null;

-- What standing rules did about a requirement: once for a patient and requirement, whatever happens afterwards.
create table consent_decisions (
  patient_id text not null references patients (patient_id),
  requirement_id text not null references requirements (requirement_id),
  sequence bigint generated always as identity unique,
  record_id text not null references records (record_id),
  rule_id text not null references consent_rules (rule_id),
  -- granted; asked, and then yes, no or withdrawn
  outcome text not null,
  exchange_id text references exchanges (exchange_id),
  decided_at_ms bigint not null,
  answered_at_ms bigint,
  answered_by text,
  primary key (patient_id, requirement_id)
);
create index consent_decisions_of_patient on consent_decisions (patient_id, sequence);
