-- The record's index for screening (libs/eligibility), sealed with the day of its attestation.
alter table records add column search_index bytea;

-- Lines of bulk imports that were taken in, by their hash: a file that is sent again goes on where it broke off.
create table imported_lines (
  digest bytea primary key,
  patient_id text not null references patients (patient_id) on delete cascade,
  -- null: the patient was made, the record not yet
  record_id text references records (record_id),
  imported_at_ms bigint not null
);
