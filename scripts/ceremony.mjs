/** npm run ceremony -- new|contribute|verify|beacon|export: keys made by many (docs/ceremony.md), after a build; `--help` says more. */
import { ceremonyCommand } from '../circuits/dist/ceremony/cli.js';

await ceremonyCommand(process.argv.slice(2));
