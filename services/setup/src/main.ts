import { setupCommand } from './cli.js';

await setupCommand(process);
