-- Whether a withdrawal that was asked for waits until what was delivered is paid.
alter table exchanges add column revoke_once_settled boolean not null default false;
