-- Keyed hash of what the rule set keeps of birth date, sex and place: equal for people who look alike, for k-anonymity.
alter table records add column likeness bytea;
