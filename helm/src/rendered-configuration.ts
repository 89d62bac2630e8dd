import { auditorSettings } from '@medveil/auditor';
import { consensusNodeSettings } from '@medveil/consensus-node';
import { contractSettings } from '@medveil/contract';
import { infrastructureSettings } from '@medveil/host';
import { transportSettings } from '@medveil/messaging';
import { patientApiSettings } from '@medveil/patient-api';
import { pkgSettings } from '@medveil/pkg';
import { proxyCloudSettings } from '@medveil/proxy-cloud';
import { researchApiSettings } from '@medveil/research-api';
import { ConfigError, defineConfig, loadConfig } from '@medveil/service-kit';
import { parseAllDocuments } from 'yaml';
import { z } from 'zod';

/** As `runAlone` puts a service's settings together with those of its infrastructure; and those of the operator's commands. */
const PROGRAMS = {
  auditor: auditorSettings.extend({ infrastructure: infrastructureSettings }),
  'consensus-node': consensusNodeSettings.extend({ infrastructure: infrastructureSettings }),
  contract: contractSettings.extend({ infrastructure: infrastructureSettings }),
  'patient-api': patientApiSettings.extend({ infrastructure: infrastructureSettings }),
  pkg: pkgSettings.extend({ infrastructure: infrastructureSettings }),
  'proxy-cloud': proxyCloudSettings.extend({ infrastructure: infrastructureSettings }),
  'research-api': researchApiSettings.extend({ infrastructure: infrastructureSettings }),
  operator: z.strictObject({ transport: transportSettings }),
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
  readonly initContainers?: readonly Container[];
  readonly containers: readonly Container[];
  readonly volumes?: readonly { readonly name: string; readonly configMap?: { readonly name: string } }[];
}

interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly data?: Readonly<Record<string, string>>;
  readonly spec?: { readonly template?: { readonly spec?: Pod } };
}

/** The configuration of every program that rendered manifests start, loaded as the program loads it. @returns problems, one line each */
export async function configurationProblems(manifests: string): Promise<{ readonly checked: number; readonly problems: readonly string[] }> {
  const documents = parseAllDocuments(manifests).map((document) => document.toJS() as Manifest | null).filter((manifest) => manifest !== null);
  const problems: string[] = [];
  let checked = 0;
  for (const { kind, metadata, spec } of documents) {
    const pod = spec?.template?.spec;
    if (pod === undefined) continue;
    const configMap = pod.volumes?.find(({ name }) => name === 'config')?.configMap?.name;
    const files = documents.find((other) => other.kind === 'ConfigMap' && other.metadata.name === configMap)?.data ?? {};
    for (const container of [...(pod.initContainers ?? []), ...pod.containers]) {
      for (const instance of instancesOf(container, files)) {
        checked += 1;
        problems.push(...(await problemsOf(instance)).map((problem) => `${kind} ${metadata.name}, ${container.name}, ${instance.file}: ${problem}`));
      }
    }
  }
  return { checked, problems };
}

interface Instance {
  readonly program: keyof typeof PROGRAMS;
  readonly variables: Readonly<Record<string, string>>;
  /** of the ConfigMap, and what stands in it */
  readonly file: string;
  readonly content: string;
}

/** One for each file that the container may read, by its pod's number; one without a file where it has none. */
function instancesOf({ env = [] }: Container, files: Readonly<Record<string, string>>): Instance[] {
  const program = programOf(env.map(({ name }) => name));
  if (program === undefined) return [];
  const withNumber = (number: string): Record<string, string> =>
    Object.fromEntries(env.flatMap(({ name, value }) => (value === undefined ? [] : [[name, value.replaceAll('$(POD_INDEX)', number)] as const])));
  const configVariable = `${prefixOf(program)}CONFIG`;
  if (!env.some(({ name }) => name === configVariable)) return [{ program, variables: withNumber(''), file: 'variables', content: '' }];
  return Object.entries(files).flatMap(([file, content]) => {
    const variables = withNumber(file.replace('.yaml', ''));
    return variables[configVariable]?.endsWith(`/${file}`) === true ? [{ program, variables, file, content }] : [];
  });
}

const prefixOf = (program: string): string => `MEDVEIL_${program.replaceAll('-', '_').toUpperCase()}_`;
const programOf = (variables: readonly string[]): keyof typeof PROGRAMS | undefined =>
  (Object.keys(PROGRAMS) as (keyof typeof PROGRAMS)[]).find((program) => variables.some((name) => name.startsWith(prefixOf(program))));

async function problemsOf({ program, variables, content }: Instance): Promise<readonly string[]> {
  const configFile = variables[`${prefixOf(program)}CONFIG`];
  const readFile = async (path: string): Promise<string> => {
    const text = path === configFile ? content : MOUNTED[path.split('/').at(-1) ?? ''];
    return text ?? Promise.reject(new Error(`nothing is mounted at ${path}`));
  };
  try {
    await loadConfig(defineConfig({ service: program, schema: PROGRAMS[program] }), { env: variables, readFile });
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
}
