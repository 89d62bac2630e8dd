/**
 * Images of the servers that the chart brings for evaluation, out of this machine's programs, for where no registry can be reached.
 * They are started as the official ones are: the same environment variables, arguments, folders and users.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { imageOfMachine } from '../../scripts/images/machine.mjs';
import { installServer } from '../../scripts/servers/index.mjs';
import { binaries } from '../../scripts/servers/postgres.mjs';
import { runProgram } from '../../scripts/servers/install.mjs';
import { REGISTRY } from './layout.mjs';

/** Images by the name of the server; the chart's values are in values.yaml. */
export const SERVER_IMAGES = {
  kafka: `${REGISTRY}/kafka:1`, postgres: `${REGISTRY}/postgres:1`, redis: `${REGISTRY}/redis:1`, s3: `${REGISTRY}/s3:1`,
};

const SHELL_TOOLS = ['sh', 'cat', 'mkdir', 'mv', 'rm'];
const shell = {
  copies: { '/usr/bin/busybox': '/bin/busybox' },
  links: Object.fromEntries(SHELL_TOOLS.map((tool) => [`/usr/bin/${tool}`, 'busybox'])),
};

const makers = {
  /** As the official image does: its own wrapper makes the settings out of variables, and formats the storage where it is new. */
  kafka: async () => {
    const java = (await runProgram('java', ['-XshowSettings:properties', '-version'])).match(/java\.home = (\S+)/)[1];
    const libraries = ['lib', 'lib/server', 'lib/jli'].flatMap((folder) => listed(join(java, folder)).filter((name) => name.endsWith('.so')).map((name) => join(java, folder, name)));
    return {
      linked: [join(java, 'bin/java'), ...libraries],
      copies: {
        ...shell.copies, '/opt/java/bin/java': join(java, 'bin/java'), '/opt/java/lib': join(java, 'lib'), '/opt/java/conf': join(java, 'conf'), '/opt/kafka/libs': await installServer('kafka'),
      },
      without: ['src.zip', 'ct.sym', 'jmods'],
      links: shell.links,
      texts: {
        '/etc/kafka/docker/server.properties': '', '/etc/kafka/docker/log4j2.yaml': LOGGING, '/etc/kafka/docker/tools-log4j2.yaml': LOGGING,
        '/etc/kafka/docker/run': `#!/bin/sh
set -eu
/opt/java/bin/java -cp '/opt/kafka/libs/*' kafka.docker.KafkaDockerWrapper setup \\
  --default-configs-dir /etc/kafka/docker --mounted-configs-dir /mnt/shared/config --final-configs-dir /opt/kafka/config
exec /opt/java/bin/java $KAFKA_HEAP_OPTS -Dlog4j2.configurationFile=/opt/kafka/config/log4j2.yaml -cp '/opt/kafka/libs/*' \\
  kafka.Kafka /opt/kafka/config/server.properties
`,
      },
      folders: ['opt/kafka/config', 'opt/kafka/logs', 'mnt/shared/config', 'var/lib/kafka/data'],
      lines: ['ENV PATH=/usr/bin', 'USER 1000:1000', 'ENTRYPOINT ["/etc/kafka/docker/run"]'],
    };
  },

  postgres: async () => {
    const bin = binaries();
    const home = join(bin, '..');
    const version = /(\d+)\/bin$/.exec(bin)[1];
    return {
      linked: ['postgres', 'initdb', 'psql'].map((name) => join(bin, name)),
      copies: {
        ...shell.copies, ...Object.fromEntries(['postgres', 'initdb', 'psql'].map((name) => [join(bin, name), join(bin, name)])), [join(home, 'lib')]: join(home, 'lib'),
        [`/usr/share/postgresql/${version}`]: `/usr/share/postgresql/${version}`, '/usr/share/zoneinfo': '/usr/share/zoneinfo', '/usr/lib/locale/C.utf8': '/usr/lib/locale/C.utf8',
      },
      without: ['bitcode', 'llvmjit.so', 'man', 'right', 'posix'],
      links: shell.links,
      texts: {
        '/etc/passwd': 'postgres:x:999:999::/var/lib/postgresql:/bin/sh\n', '/etc/group': 'postgres:x:999:\n',
        '/usr/bin/run': `#!/bin/sh
set -eu
if [ ! -e "$PGDATA" ]; then
  rm -rf "$PGDATA.new"
  initdb -D "$PGDATA.new" -U "$POSTGRES_USER" --pwfile="$POSTGRES_PASSWORD_FILE" -A scram-sha-256 -E UTF8 --locale=C.UTF-8
  echo 'host all all all scram-sha-256' >> "$PGDATA.new/pg_hba.conf"
  echo "CREATE DATABASE \\"$POSTGRES_DB\\"" | postgres --single -D "$PGDATA.new" postgres
  mv "$PGDATA.new" "$PGDATA"
fi
exec postgres -D "$PGDATA" -c 'listen_addresses=*' -c shared_buffers=64MB "$@"
`,
      },
      folders: ['var/run/postgresql', 'var/lib/postgresql/data'],
      lines: [`ENV PATH=${bin}:/usr/bin`, 'USER 999:999', 'STOPSIGNAL SIGINT', 'ENTRYPOINT ["/usr/bin/run"]'],
    };
  },

  redis: async () => ({ programs: ['/usr/bin/redis-server'], lines: ['ENV PATH=/usr/bin', 'USER 999:999', 'CMD ["redis-server"]'] }),

  s3: async () => ({ copies: { '/usr/bin/versitygw': await installServer('s3') }, folders: ['data'], lines: ['ENV PATH=/usr/bin', 'ENTRYPOINT ["versitygw"]'] }),
};

const LOGGING = `Configuration:
  Appenders:
    Console: {name: STDOUT, PatternLayout: {pattern: '%d{ISO8601} %p %m (%c)%n'}}
  Loggers:
    Root: {level: WARN, AppenderRef: [{ref: STDOUT}]}
`;

function listed(folder) {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** @returns the images' names */
export async function makeServerImages() {
  for (const [server, name] of Object.entries(SERVER_IMAGES)) {
    await installServer(server);
    await imageOfMachine(name, await makers[server]());
  }
  return Object.values(SERVER_IMAGES);
}
