import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { configurationProblems } from './rendered-configuration.js';

const manifests = (settings: string, variable = 'MEDVEIL_PKG_INFRASTRUCTURE_DATABASE_URL_FILE') => `
kind: ConfigMap
metadata: {name: m-pkg}
data:
  config.yaml: |
    mode: production
    contractUrl: http://contract:8080
    operatorPublicKey: key
    networkFile: /network.json
    vault: {folder: /vault, keyFile: /key}
    infrastructure: {dataFolder: /tmp/i, database: {kind: postgres}}
    ${settings}
---
kind: Deployment
metadata: {name: m-pkg}
spec:
  template:
    spec:
      containers:
        - name: pkg
          env:
            - {name: MEDVEIL_PKG_CONFIG, value: /etc/config.yaml}
            - {name: ${variable}, value: /run/database-url}
      volumes: [{name: config, configMap: {name: m-pkg}}]
`;

describe('configuration in rendered manifests', () => {
  it('is taken where the service would take it', async () => {
    assert.deepEqual(await configurationProblems(manifests('logLevel: warn')), { checked: 1, problems: [] });
  });

  it('is refused where the service would not start, with the workload\'s name', async () => {
    const misspelled = await configurationProblems(manifests('logLevl: warn'));
    assert.deepEqual(misspelled.problems, ['Deployment m-pkg, pkg, config.yaml: logLevl (in the file): no such setting; --help lists them']);
    const unset = await configurationProblems(manifests('logLevel: warn', 'MEDVEIL_PKG_DATABASE_URL_FILE'));
    assert.equal(unset.problems.length, 2);
    assert.match(unset.problems[0] ?? '', /MEDVEIL_PKG_DATABASE_URL_FILE: no such setting/);
  });
});
