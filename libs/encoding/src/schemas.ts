import { z } from 'zod';

/** Raw bytes inside canonical CBOR, of exactly `length` bytes or at most `max`. */
export const bytesSchema = (size: { length: number } | { max: number }) =>
  z
    .instanceof(Uint8Array)
    .refine((bytes) => ('length' in size ? bytes.length === size.length : bytes.length <= size.max), {
      error: 'length' in size ? `must be ${size.length} bytes` : `must be at most ${size.max} bytes`,
    });

/** Lower-case hexadecimal at the JSON edge. */
export const hexSchema = (lengthBytes: number) =>
  z.string().regex(new RegExp(`^[0-9a-f]{${lengthBytes * 2}}$`), { error: `must be ${lengthBytes} bytes in lower-case hexadecimal` });

/** base64url without padding at the JSON edge. */
export const base64UrlSchema = (maxBytes: number) =>
  z
    .string()
    .regex(/^[A-Za-z0-9_-]*$/, { error: 'must be base64url without padding' })
    .max(Math.ceil((maxBytes * 4) / 3), { error: `must be at most ${maxBytes} bytes` });

/** UTC milliseconds. */
export const timeMsSchema = z.int().min(0).max(8_640_000_000_000_000);

/** Money in integer minor units (credits). */
export const amountSchema = z.int().min(0).max(Number.MAX_SAFE_INTEGER);

const secrets = z.registry<{ readonly isSecret: true }>();

/** Marks a setting as secret: it is shown nowhere, and a service can read it from a file (see @medveil/service-kit). */
export function secret<S extends z.ZodType>(schema: S): S {
  secrets.add(schema, { isSecret: true });
  return schema;
}

export const isSecretSchema = (schema: z.core.$ZodType): boolean => secrets.has(schema);
