-- A token given on the word of an identity provider is for one key: the one that its ID token names.
alter table enrolment_tokens add column public_key bytea;
