import { runAlone } from '@medveil/host';
import { isLedgerCommand, runLedgerCommand } from './ledger-commands.js';
import { consensusNodeSettings } from './settings.js';
import { startConsensusNode } from './start.js';

const [, , command, ...given] = process.argv;
if (isLedgerCommand(command)) await runLedgerCommand(process, command, given);
else await runAlone('consensus-node', consensusNodeSettings, startConsensusNode, null);
