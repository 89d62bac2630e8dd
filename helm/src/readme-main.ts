import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CHART, readChart } from './chart-files.js';
import { renderReadme } from './readme.js';

writeFileSync(join(CHART, 'README.md'), renderReadme(readChart('README.md'), readChart('values.yaml')));
