/**
 * Apache Kafka in KRaft mode, one node that is broker and controller, from its jars. Two listeners: one without a password for
 * whoever is on this machine, whose user may do everything, and one with TLS and SCRAM whose users may do what ACLs say.
 */
import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { mavenJars, needPackages, onPath, runProgram } from './install.mjs';
import { freePorts, startProcess, withFolder } from './process.mjs';

const VERSION = '4.4.0';
const HEAP = ['-Xms96m', '-Xmx384m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-XX:MaxMetaspaceSize=192m', '-XX:MaxDirectMemorySize=128m', '-Djava.awt.headless=true'];

export async function install() {
  await needPackages(() => onPath('openssl'), ['openssl']);
  return mavenJars('kafka', VERSION, [
    ['org.apache.kafka', 'kafka_2.13', VERSION],
    ['org.apache.logging.log4j', 'log4j-slf4j-impl', '2.25.5'],
  ]);
}

/**
 * Facts: `endpoint` (host:port without a password) and `secure`: `endpoint`, `caFile`, `passwords` by user.
 * `users`: names of SCRAM-SHA-512 users beside `admin`; `advertisedPort`: a further listener that tells its clients to come by this
 * port, where a proxy listens, and itself is at `proxied`.
 */
export const start = async (options = {}) => withFolder('kafka', (folder) => startIn(folder, options));

async function startIn(folder, { users = [], advertisedPort, outlives }) {
  const jars = await install();
  const [plain, controller, secure, proxied] = await freePorts(4);
  const passwords = Object.fromEntries(['admin', ...users].map((user) => [user, randomBytes(12).toString('hex')]));
  mkdirSync(join(folder, 'data'));
  await makeCertificate(folder);
  writeFileSync(join(folder, 'log4j2.properties'), LOGGING);
  writeFileSync(join(folder, 'server.properties'), properties({ folder, ports: { plain, controller, secure, proxied }, advertisedPort }), { mode: 0o600 });
  const classPath = readdirSync(jars).map((jar) => join(jars, jar)).join(':');
  const java = (main, ...args) => ['java', ...HEAP, `-Dlog4j2.configurationFile=${join(folder, 'log4j2.properties')}`, '-Dlog4j2.disableJmx=true', '-cp', classPath, main, ...args];
  const scram = Object.entries(passwords).flatMap(([user, password]) => ['--add-scram', `SCRAM-SHA-512=[name=${user},password=${password}]`]);
  const [command, ...args] = java('kafka.tools.StorageTool', 'format', '-t', clusterId(), '-c', join(folder, 'server.properties'), ...scram);
  await runProgram(command, args, { cwd: folder });
  let starts = 0;
  const ready = () => [...readFileSync(join(folder, 'server.log'), 'utf8').matchAll(/Kafka Server started/g)].length > starts;
  const server = await startProcess({
    name: 'kafka', folder, outlives, command: java('kafka.Kafka', join(folder, 'server.properties')), ready,
    facts: {
      endpoint: `127.0.0.1:${plain}`,
      secure: { endpoint: `localhost:${secure}`, caFile: join(folder, 'ca.pem'), passwords },
      ...(advertisedPort === undefined ? {} : { proxied: { host: '127.0.0.1', port: proxied } }),
    },
  });
  const { restart } = server;
  server.restart = async () => {
    starts += 1;
    return restart();
  };
  return server;
}

/** A UUID in base64url that does not look like an option. */
const clusterId = () => `A${randomBytes(16).toString('base64url').slice(1)}`;

const LOGGING = `status = error
appender.console.type = Console
appender.console.name = console
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %d{HH:mm:ss.SSS} %p %c{1}: %m%n
rootLogger.level = WARN
rootLogger.appenderRef.console.ref = console
logger.started.name = kafka.server.KafkaRaftServer
logger.started.level = INFO
`;

function properties({ folder, ports, advertisedPort }) {
  const listeners = [`PLAIN://127.0.0.1:${ports.plain}`, `SECURE://localhost:${ports.secure}`];
  const advertised = [...listeners];
  if (advertisedPort !== undefined) {
    listeners.push(`PROXIED://127.0.0.1:${ports.proxied}`);
    advertised.push(`PROXIED://127.0.0.1:${advertisedPort}`);
  }
  return `process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:${ports.controller}
controller.listener.names=CONTROLLER
listeners=${listeners.join(',')},CONTROLLER://127.0.0.1:${ports.controller}
advertised.listeners=${advertised.join(',')}
inter.broker.listener.name=PLAIN
listener.security.protocol.map=PLAIN:PLAINTEXT,PROXIED:PLAINTEXT,CONTROLLER:PLAINTEXT,SECURE:SASL_SSL
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:ANONYMOUS;User:admin
allow.everyone.if.no.acl.found=false
sasl.enabled.mechanisms=SCRAM-SHA-512
listener.name.secure.scram-sha-512.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;
ssl.keystore.type=PEM
ssl.keystore.location=${join(folder, 'server-keystore.pem')}
ssl.truststore.type=PEM
ssl.truststore.location=${join(folder, 'ca.pem')}
log.dirs=${join(folder, 'data')}
auto.create.topics.enable=false
num.partitions=3
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=500
controlled.shutdown.enable=false
num.network.threads=2
num.io.threads=4
log.segment.bytes=67108864
log.cleaner.dedupe.buffer.size=16777216
`;
}

/** An authority and a certificate for localhost, for this run alone. */
async function makeCertificate(folder) {
  const openssl = (...args) => runProgram('openssl', args, { cwd: folder });
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  await openssl('req', '-x509', ...curve, '-keyout', 'ca.key', '-out', 'ca.pem', '-days', '30', '-subj', '/CN=medveil-test-ca');
  await openssl('req', ...curve, '-keyout', 'server.key', '-out', 'server.csr', '-subj', '/CN=localhost');
  writeFileSync(join(folder, 'server.ext'), 'subjectAltName=DNS:localhost,IP:127.0.0.1\n');
  await openssl('x509', '-req', '-in', 'server.csr', '-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '30', '-out', 'server.pem', '-extfile', 'server.ext');
  const keystore = ['server.key', 'server.pem', 'ca.pem'].map((name) => readFileSync(join(folder, name), 'utf8')).join('');
  writeFileSync(join(folder, 'server-keystore.pem'), keystore, { mode: 0o600 });
}
