/**
 * npm run servers -- install [NAMES]     puts what is missing on this machine
 * npm run servers -- start NAME [--kind minio]     one server; prints {name, endpoint, pid, variable, …} and goes on
 * npm run servers -- stop PID …  |  list
 * NAME: kafka, s3, postgres, redis, prometheus. Installing needs root and Debian, or the programs on the PATH.
 */
import { parseArgs } from 'node:util';
import { runCommand } from '../commands.mjs';
import { installServer, SERVERS, startServer, variableOf } from './index.mjs';
import { startedServers, stopServer } from './process.mjs';
import { usage } from '../usage.mjs';

usage();

const { values, positionals: [command, ...names] } = parseArgs({ allowPositionals: true, options: { kind: { type: 'string' } } });

const commands = {
  install: async () => { await Promise.all((names.length === 0 ? SERVERS : names).map(installServer)); },
  start: async () => {
    if (names.length !== 1) throw new Error(`start one of ${SERVERS.join(', ')}, prometheus`);
    const server = await startServer(names[0], { ...values, outlives: true });
    console.log(JSON.stringify({ ...server, variable: variableOf(names[0]) }));
  },
  stop: async () => {
    const servers = startedServers();
    for (const pid of names) {
      const server = servers.find((each) => String(each.pid) === pid);
      if (server === undefined) throw new Error(`${pid} is no server that was started here`);
      await stopServer(server.folder);
    }
  },
  list: async () => { for (const server of startedServers()) console.log(JSON.stringify(server)); },
};

await runCommand('servers', commands, command);
