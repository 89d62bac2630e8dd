/** What can be said of the chart without a cluster: lint, manifests against Kubernetes' own schemas, the templates' unit tests. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { runProgram } from '../servers/install.mjs';
import { ensure } from './steps.mjs';
import { CHART } from './release.mjs';

/** The values files that are shipped: each is a way to install the chart. */
const valuesFiles = () => readdirSync(CHART).filter((name) => /^values.*\.yaml$/.test(name)).map((name) => join(CHART, name));

/** Kinds of other projects, whose schemas Kubernetes does not have. */
const FOREIGN = 'PodMonitor,PrometheusRule,HTTPRoute,Certificate';

/** @param programs paths of helm, kubeconform and unittest, and the folder `schemas` */
export async function lint({ helm }) {
  for (const file of valuesFiles()) await runProgram(helm, ['lint', '--strict', CHART, '--values', file]);
  return `${valuesFiles().length} values files`;
}

export async function conform({ helm, kubeconform, schemas }) {
  let resources = 0;
  for (const file of valuesFiles()) {
    const manifests = await runProgram('sh', ['-c', '"$1" template medveil "$2" --values "$3" | "$4" -strict -summary -output json -skip "$5" -schema-location "$6"', 'sh',
      helm, CHART, file, kubeconform, FOREIGN, join(schemas, '{{ .ResourceKind }}{{ .KindSuffix }}.json')]);
    const { summary } = JSON.parse(manifests);
    ensure(summary.invalid === 0 && summary.errors === 0 && summary.valid > 0, `${file}: ${manifests}`);
    resources += summary.valid;
  }
  return `${resources} manifests of ${valuesFiles().length} values files`;
}

export async function unitTests({ unittest }) {
  const printed = await runProgram(unittest, [CHART]);
  return /Tests:\s+(.*)/.exec(printed)?.[1] ?? printed;
}
