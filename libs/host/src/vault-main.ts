import { randomBytes } from 'node:crypto';
import { administerVault } from './vault-command.js';

await administerVault(process, (length) => new Uint8Array(randomBytes(length)));
