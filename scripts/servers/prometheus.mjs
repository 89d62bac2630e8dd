/** Prometheus from Debian's package, which brings promtool: loopback, scraping the targets it is given, with the rules it is given. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { needPackages, onPath } from './install.mjs';
import { freePorts, startProcess, withFolder } from './process.mjs';

export const install = async () => needPackages(() => onPath('prometheus') && onPath('promtool'), ['prometheus']);

/** Options: `targets` (host:port), `rules` (files), `intervalMs` of scraping. Facts: `endpoint`, its base URL. */
export const start = async (options = {}) => withFolder('prometheus', (folder) => startIn(folder, options));

async function startIn(folder, { targets = [], rules = [], intervalMs = 1_000, outlives }) {
  await install();
  const [port] = await freePorts(1);
  const config = {
    global: { scrape_interval: `${intervalMs}ms`, scrape_timeout: `${intervalMs}ms`, evaluation_interval: `${intervalMs}ms` },
    rule_files: rules,
    scrape_configs: [{ job_name: 'medveil', static_configs: [{ targets }] }],
  };
  // JSON is YAML.
  writeFileSync(join(folder, 'prometheus.yml'), JSON.stringify(config));
  const endpoint = `http://127.0.0.1:${port}`;
  return startProcess({
    name: 'prometheus', folder, outlives,
    command: [
      'prometheus', `--config.file=${join(folder, 'prometheus.yml')}`, `--storage.tsdb.path=${join(folder, 'data')}`, `--web.listen-address=127.0.0.1:${port}`,
      '--web.enable-lifecycle', '--log.level=warn',
    ],
    ready: async () => (await fetch(`${endpoint}/-/ready`)).ok,
    facts: { endpoint },
  });
}
