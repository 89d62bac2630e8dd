import { bigint, customType } from 'drizzle-orm/pg-core';

/** `bytea`, as Uint8Array on every driver. */
export const bytea = customType<{ data: Uint8Array; driverData: Uint8Array }>({
  dataType: () => 'bytea',
  fromDriver: (value) => new Uint8Array(value),
});

/** UTC milliseconds, or another count below 2^53, in a `bigint` column. */
export const millis = (name: string) => bigint(name, { mode: 'number' });
