/**
 * The network of `services/all-in-one/src/processes`: nine processes on real servers, which MEDVEIL_TEST_S3 and _POSTGRES name, or which are
 * started. Usage as system.mjs.
 */
import { ProcessNetwork } from '../../services/all-in-one/dist/processes/process-network.js';
import { REPLICAS, SERVICES } from '../../services/all-in-one/dist/processes/names.js';
import { provideServers } from '../../scripts/servers/index.mjs';

const { circuits, partDepth, prover } = JSON.parse(process.argv[2]);
const own = { 'patient-api': { prover }, 'research-api': { partDepth } };
const say = (line) => process.stderr.write(`  ${line}\n`);

say('servers');
const stopServers = await provideServers(['s3', 'postgres']);
let network;
let stopping;
const stop = () => (stopping ??= (async () => {
  await network?.close();
  await stopServers();
  process.stdin.destroy();
})());
try {
  network = await ProcessNetwork.open({ consensus: 'direct', circuits, settings: (name) => own[name] ?? {} });
  say('nine processes');
  await network.startAll();
  process.once('SIGTERM', stop);
  process.stdin.resume().once('end', stop);
  const processes = Object.fromEntries([...SERVICES, ...REPLICAS].map((name) => [name, network.process(name).pid]));
  process.stdout.write(`${JSON.stringify({ urls: network.urls, token: await network.token(), processes })}\n`);
} catch (error) {
  await stop();
  throw error;
}
