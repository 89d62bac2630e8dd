import { auditorSettings } from '@medveil/auditor';
import { consensusNodeSettings } from '@medveil/consensus-node';
import { contractSettings } from '@medveil/contract';
import { infrastructureSettings } from '@medveil/host';
import { patientApiSettings } from '@medveil/patient-api';
import { pkgSettings } from '@medveil/pkg';
import { proxyCloudSettings } from '@medveil/proxy-cloud';
import { researchApiSettings } from '@medveil/research-api';
import { ConfigError, defineConfig, loadConfig } from '@medveil/service-kit';
import { parseAllDocuments } from 'yaml';

/** As `runAlone` puts a service's settings together with those of its infrastructure. */
const SERVICES = {
  auditor: auditorSettings.extend({ infrastructure: infrastructureSettings }),
  'consensus-node': consensusNodeSettings.extend({ infrastructure: infrastructureSettings }),
  contract: contractSettings.extend({ infrastructure: infrastructureSettings }),
  'patient-api': patientApiSettings.extend({ infrastructure: infrastructureSettings }),
  pkg: pkgSettings.extend({ infrastructure: infrastructureSettings }),
  'proxy-cloud': proxyCloudSettings.extend({ infrastructure: infrastructureSettings }),
  'research-api': researchApiSettings.extend({ infrastructure: infrastructureSettings }),
};

/** What would stand in mounted files, by their names: any text of the right form. */
const MOUNTED: Readonly<Record<string, string>> = {
  'public-key': 'A'.repeat(43),
  'database-url': 'postgres://user:password@database:5432/medveil',
  'database-owner-url': 'postgres://owner:password@database:5432/medveil',
  'redis-url': 'redis://:password@cache:6379',
  's3-access-key-id': 'id',
  's3-secret-access-key': 'secret',
  'kafka-username': 'user',
  'kafka-password': 'password',
  'enrolment-token': 'token',
};

interface Container {
  readonly name: string;
  readonly env?: readonly { readonly name: string; readonly value?: string }[];
}

interface Pod {
  readonly containers: readonly Container[];
  readonly volumes: readonly { readonly name: string; readonly configMap?: { readonly name: string } }[];
}

interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly data?: Readonly<Record<string, string>>;
  readonly spec?: { readonly template?: { readonly spec?: Pod } };
}

/** The configuration of every service that rendered manifests start, loaded as the service loads it. @returns problems, one line each */
export async function configurationProblems(manifests: string): Promise<{ readonly checked: number; readonly problems: readonly string[] }> {
  const documents = parseAllDocuments(manifests).map((document) => document.toJS() as Manifest | null).filter((manifest) => manifest !== null);
  const problems: string[] = [];
  let checked = 0;
  for (const { kind, metadata, spec } of documents) {
    const pod = spec?.template?.spec;
    const configMap = pod?.volumes.find(({ name }) => name === 'config')?.configMap?.name;
    const files = documents.find((other) => other.kind === 'ConfigMap' && other.metadata.name === configMap)?.data;
    if (pod === undefined || files === undefined) continue;
    for (const container of pod.containers) {
      for (const file of Object.keys(files)) {
        const found = await problemsOf(container, file, files);
        if (found === null) continue;
        checked += 1;
        problems.push(...found.map((problem) => `${kind} ${metadata.name}, ${container.name}, ${file}: ${problem}`));
      }
    }
  }
  return { checked, problems };
}

/** @returns null where this container does not read this file */
async function problemsOf({ env = [] }: Container, file: string, files: Readonly<Record<string, string>>): Promise<readonly string[] | null> {
  const instance = file.replace('.yaml', '');
  const given = env.flatMap(({ name, value }) => (value === undefined ? [] : [[name, value.replaceAll('$(POD_INDEX)', instance)] as const]));
  const variables = Object.fromEntries(given);
  const [name, path] = Object.entries(variables).find(([variable]) => variable.endsWith('_CONFIG')) ?? [];
  const service = Object.keys(SERVICES).find((key) => name === `MEDVEIL_${key.replaceAll('-', '_').toUpperCase()}_CONFIG`);
  if (service === undefined || path?.endsWith(`/${file}`) !== true) return null;
  const schema = SERVICES[service as keyof typeof SERVICES];
  const readFile = async (asked: string): Promise<string> => {
    const text = asked === path ? files[file] : MOUNTED[asked.split('/').at(-1) ?? ''];
    return text ?? Promise.reject(new Error(`nothing is mounted at ${asked}`));
  };
  try {
    await loadConfig(defineConfig({ service, schema }), { env: variables, readFile });
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
}
