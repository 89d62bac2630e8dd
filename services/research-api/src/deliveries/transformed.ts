import { PART_TYPES } from '@medveil/eligibility';
import { bytesSchema, decodeCanonical } from '@medveil/encoding';
import { TRANSFORMED_CAPSULE_BYTES } from '@medveil/pre';
import { z } from 'zod';

const transformedSchema = z.array(z.strictObject({ part: z.enum(PART_TYPES), transformed: bytesSchema({ length: TRANSFORMED_CAPSULE_BYTES }) }));

/** The capsules of a delivery, as its event told them. */
export const readTransformed = (bytes: Uint8Array | null): z.infer<typeof transformedSchema> => transformedSchema.parse(decodeCanonical(bytes ?? new Uint8Array()));
