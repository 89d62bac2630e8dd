import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { tmpdir } from 'node:os';
import { describe, it } from 'node:test';
import type { Prover, ProvingCircuit } from '@medveil/eligibility';
import { CodedError } from '@medveil/encoding';
import { createCertificateAuthority, signingKeyFromSeed } from '@medveil/identity';
import { ServiceMetrics } from '@medveil/service-kit';
import { certificateEndMs, measureCertificates, measuredProver, measureDisk, measureFollower } from './measures.js';

const circuit = { instance: { name: 'everyday' } } as ProvingCircuit;

async function seriesOf(metrics: ServiceMetrics): Promise<Map<string, number>> {
  const lines = (await metrics.registry.metrics()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(lines.map((line) => {
    const [, name = '', value = ''] = /^(.*) (\S+)$/.exec(line) ?? [];
    return [name.replace('{service_name="s"}', '').replace(/,?service_name="s",?/, ''), Number(value)];
  }));
}

const metricsOf = () => new ServiceMetrics({ service: 's', process: false });

describe('a measured prover', () => {
  it('tells what waits and what runs, and the time of each proof by its outcome', async () => {
    const metrics = metricsOf();
    const proofs = new EventEmitter();
    let nowMs = 0;
    const prover: Prover = {
      prove: async (_circuit, signals) => {
        await once(proofs, 'go');
        if (signals['bad'] !== undefined) throw new CodedError('eligibility/prover-failed', 'no');
        return new Uint8Array(1);
      },
      close: async () => undefined,
    };
    const measured = measuredProver(prover, { workers: 2, circuits: ['everyday'], metrics, clock: () => nowMs });
    const asked = [measured.prove(circuit, {}), measured.prove(circuit, {}), measured.prove(circuit, { bad: 1n })];
    const busy = await seriesOf(metrics);
    assert.deepEqual([busy.get('medveil_proofs_waiting'), busy.get('medveil_proofs_running')], [1, 2]);
    nowMs = 3_000;
    proofs.emit('go');
    await Promise.allSettled(asked);
    const idle = await seriesOf(metrics);
    assert.deepEqual([idle.get('medveil_proofs_waiting'), idle.get('medveil_proofs_running')], [0, 0]);
    assert.equal(idle.get('medveil_proof_duration_seconds_sum{circuit="everyday",outcome="ok"}'), 6);
    assert.equal(idle.get('medveil_proof_duration_seconds_count{circuit="everyday",outcome="failed"}'), 1);
  });
});

describe('what services measure alike', () => {
  it('heights and failures of a follower, by code', async () => {
    const metrics = metricsOf();
    const measured = measureFollower(metrics, () => ({ height: 7, certifiedHeight: 9 }));
    measured.failed(new CodedError('client/unreachable', 'away'));
    measured.failed(new Error('odd'));
    const series = await seriesOf(metrics);
    assert.deepEqual([series.get('medveil_ledger_height'), series.get('medveil_ledger_certified_height')], [7, 9]);
    assert.equal(series.get('medveil_ledger_follow_failures_total{code="client/unreachable"}'), 1);
    assert.equal(series.get('medveil_ledger_follow_failures_total{code="unexpected"}'), 1);
  });

  it('the room on a volume, and the end of a certificate', async () => {
    const metrics = metricsOf();
    measureDisk(metrics, tmpdir());
    const notAfterMs = Date.UTC(2031, 4, 6);
    const key = signingKeyFromSeed(new Uint8Array(32).fill(1));
    const certificate = await createCertificateAuthority({ name: 'a', key, notBeforeMs: 0, notAfterMs }, (length) => new Uint8Array(length).fill(2));
    measureCertificates(metrics, async () => ({ authority: certificateEndMs(certificate) }));
    const series = await seriesOf(metrics);
    const [free = 0, size = 0] = [series.get('medveil_disk_free_bytes'), series.get('medveil_disk_size_bytes')];
    assert.ok(free > 0 && free < size);
    assert.equal(series.get('medveil_certificate_expiry_time_seconds{certificate="authority"}'), notAfterMs / 1000);
  });
});
