/** What services measure alike, in the names that the rules and dashboards know (docs/metrics.md). */
import { X509Certificate } from 'node:crypto';
import { statfs } from 'node:fs/promises';
import { inSpan } from '@medveil/correlation';
import type { Prover } from '@medveil/eligibility';
import { type Clock, isCodedError } from '@medveil/encoding';
import type { ServiceMetrics } from '@medveil/service-kit';

/** Proving takes from a tenth of a second to minutes, waiting included. */
const PROOF_BUCKETS_SECONDS = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 40, 80, 160, 320];

/** Height of the last block that a service has executed or handled. */
export function measureHeight(metrics: ServiceMetrics, height: () => number): void {
  metrics.gaugeFrom({ name: 'medveil_ledger_height', help: 'Height of the last block that this service has executed or handled.' }, height);
}

export interface MeasuredFollower {
  /** To be called for each error of the follower. */
  failed(error: unknown): void;
}

/** Height, lag and failures of a service that follows the ledger by proofs. @param follower asked for when it is scraped */
export function measureFollower(metrics: ServiceMetrics, follower: () => { readonly height: number; readonly certifiedHeight: number }): MeasuredFollower {
  measureHeight(metrics, () => follower().height);
  metrics.gaugeFrom({ name: 'medveil_ledger_certified_height', help: 'Height of the newest header that this service has verified.' }, () => follower().certifiedHeight);
  const failures = metrics.counter({ name: 'medveil_ledger_follow_failures_total', help: 'Blocks that could not be fetched, verified or handled.', labels: ['code'] }, [{ code: 'unexpected' }]);
  return { failed: (error) => failures.add({ code: isCodedError(error) ? error.code : 'unexpected' }) };
}

export interface MeasuredProverOptions {
  /** proofs that it makes at a time */
  readonly workers: number;
  /** names of the circuits that it is used for */
  readonly circuits: readonly string[];
  readonly metrics: ServiceMetrics;
  readonly clock: Clock;
}

/** The same prover, with its queue and its times measured. */
export function measuredProver(prover: Prover, { workers, circuits, metrics, clock }: MeasuredProverOptions): Prover {
  const durations = metrics.duration({
    name: 'medveil_proof_duration_seconds', help: 'Time from asking for an eligibility proof to its end, waiting for a worker included.', labels: ['circuit', 'outcome'],
    bucketsSeconds: PROOF_BUCKETS_SECONDS,
  }, circuits.flatMap((circuit) => [{ circuit, outcome: 'ok' }, { circuit, outcome: 'failed' }]));
  let asked = 0;
  metrics.gaugeFrom({ name: 'medveil_proofs_waiting', help: 'Eligibility proofs that wait for a worker.' }, () => Math.max(0, asked - workers));
  metrics.gaugeFrom({ name: 'medveil_proofs_running', help: 'Eligibility proofs that are being made.' }, () => Math.min(asked, workers));
  return {
    prove: async (circuit, signals, options) => {
      const startedMs = clock();
      const ended = (outcome: 'ok' | 'failed') => durations.observeMs({ circuit: circuit.instance.name, outcome }, clock() - startedMs);
      asked += 1;
      try {
        const attributes = { 'medveil.circuit': circuit.instance.name };
        const proof = await inSpan('prove', { role: 'internal', attributes }, async () => prover.prove(circuit, signals, options));
        ended('ok');
        return proof;
      } catch (error) {
        ended('failed');
        throw error;
      } finally {
        asked -= 1;
      }
    },
    close: async () => prover.close(),
  };
}

/** The volume that holds a service's data folder. */
export function measureDisk(metrics: ServiceMetrics, folder: string): void {
  metrics.gaugeFrom({ name: 'medveil_disk_free_bytes', help: 'Room left for this service on the volume of its data folder.' }, async () => {
    const { bavail, bsize } = await statfs(folder);
    return bavail * bsize;
  });
  metrics.gaugeFrom({ name: 'medveil_disk_size_bytes', help: 'Size of the volume of the data folder.' }, async () => {
    const { blocks, bsize } = await statfs(folder);
    return blocks * bsize;
  });
}

/** The certificates that a service cannot work without: those of the authority and of its own party. */
export type CertificateKind = 'authority' | 'own';

/** When certificates end. @param ends UTC ms by kind; a kind that is not there yet is left out */
export function measureCertificates(metrics: ServiceMetrics, ends: () => Partial<Record<CertificateKind, number>> | Promise<Partial<Record<CertificateKind, number>>>): void {
  metrics.gaugesFrom({
    name: 'medveil_certificate_expiry_time_seconds', help: 'When the certificate ends, seconds since 1970: the authority’s, and the first of this party’s own.', labels: ['certificate'],
  }, async () => Object.fromEntries(Object.entries(await ends()).map(([kind, atMs]) => [kind, atMs / 1000])));
}

/** @param certificate DER of one that is trusted already. @returns UTC ms */
export const certificateEndMs = (certificate: Uint8Array): number => Date.parse(new X509Certificate(certificate).validTo);
