import { runAlone } from '@medveil/host';
import { consensusNodeSettings } from './settings.js';
import { startConsensusNode } from './start.js';

await runAlone('consensus-node', consensusNodeSettings, startConsensusNode);
