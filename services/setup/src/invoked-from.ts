import { resolve } from 'node:path';

/** A path as its giver meant it: npm runs scripts in the workspace's folder and names the caller's in INIT_CWD. */
export const fromCaller = (path: string): string => resolve(process.env['INIT_CWD'] ?? process.cwd(), path);
