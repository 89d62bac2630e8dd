/** Immutable, content-addressed objects: a port, and a folder behind it. */
export { type ByteRange, type ExpectedContent, objectKey, type ObjectStore, type ObjectStoreErrorCode, parseObjectKey, type StoredObject } from './port.js';
export { FolderObjectStore, type FolderStoreOptions } from './folder.js';
export { openObjectStore, type ObjectStoreSettings, objectStoreSettings } from './settings.js';
export { verified } from './digesting.js';
