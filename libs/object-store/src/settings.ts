import type { RandomBytes } from '@medveil/encoding';
import { z } from 'zod';
import { FolderObjectStore } from './folder.js';
import type { ObjectStore } from './port.js';

/** Which object store: a service's `objects` setting. One kind so far; others join the union. */
export const objectStoreSettings = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('folder'),
    folder: z.string().min(1),
    maxObjectBytes: z.int().min(1024).default(1024 * 1024 * 1024),
  }),
]);
export type ObjectStoreSettings = z.infer<typeof objectStoreSettings>;

export async function openObjectStore(settings: ObjectStoreSettings, random: RandomBytes): Promise<ObjectStore> {
  const { kind: _kind, ...options } = settings;
  return FolderObjectStore.open({ ...options, random });
}
