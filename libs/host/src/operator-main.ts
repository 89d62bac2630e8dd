import { operate } from './operator.js';

await operate(process);
