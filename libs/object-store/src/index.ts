/** Immutable, content-addressed objects: a port, and a folder or an S3 bucket behind it. */
export { type ByteRange, type ExpectedContent, objectKey, type ObjectStore, type ObjectStoreErrorCode, parseObjectKey, type StoredObject } from './port.js';
export { FolderObjectStore, type FolderStoreOptions } from './folder.js';
export { S3ObjectStore, type S3StoreOptions } from './s3.js';
export { openObjectStore, type ObjectStoreSettings, objectStoreSettings, s3Settings } from './settings.js';
export { verified } from './digesting.js';
