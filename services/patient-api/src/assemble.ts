import { LedgerAccess, LedgerFollower } from '@medveil/client';
import { createJobs } from '@medveil/database';
import { measuredProver, measureFollower, nativeProgram } from '@medveil/host';
import { createProver } from '@medveil/eligibility';
import { fromBase64Url, type Id, isCodedError } from '@medveil/encoding';
import { TrailStore } from '@medveil/host';
import type { ObjectStore } from '@medveil/object-store';
import { jobObserver } from '@medveil/service-kit';
import type { AgentContext } from './agent.js';
import { ConsentDecisions } from './consent/decisions.js';
import { ConsentRules } from './consent/rules.js';
import { StandingConsent } from './consent/standing-consent.js';
import { Withdrawals } from './consent/withdrawal.js';
import { ExchangeStarter } from './exchanges/begin.js';
import { Changes } from './exchanges/changes.js';
import { loadCircuits } from './exchanges/circuits.js';
import { ExchangeStore } from './exchanges/exchange-store.js';
import { Grants } from './exchanges/grant.js';
import { Instances } from './exchanges/instance.js';
import { Proofs } from './exchanges/prove.js';
import { ExchangeRunner } from './exchanges/runner.js';
import { Transactions } from './exchanges/transactions.js';
import { Uploads } from './exchanges/upload.js';
import { Connections } from './ledger/connections.js';
import { LedgerView } from './ledger/ledger-view.js';
import { Requirements } from './ledger/requirements.js';
import { Matcher } from './matching/matcher.js';
import { Enrolments } from './parties/enrolments.js';
import { Hospital } from './parties/hospital.js';
import { Keyring } from './parties/keyring.js';
import { Patients } from './parties/patients.js';
import { Pseudonyms } from './parties/pseudonyms.js';
import { Restorations } from './parties/restore.js';
import { BulkImporter } from './records/bulk-import.js';
import { Importer } from './records/import.js';
import { Population } from './records/population.js';
import { Records } from './records/records.js';
import { Screening } from './records/searchable.js';
import { FundsView } from './vouchers/funds.js';
import { PAYOUT, PURSE } from './vouchers/job.js';
import { Payouts } from './vouchers/payouts.js';
import { Purses } from './vouchers/purses.js';
import { VoucherMaker } from './vouchers/voucher-maker.js';

/** Exchanges worked on at a time: most of them wait for a block. */
const CONCURRENT_JOBS = 16;
const JOB_POLL_MS = 500;

/** All parts of the agent, put together once. */
export async function assemble(context: AgentContext, objects: ObjectStore) {
  const { settings, database, clock, random, network, log, metrics } = context;
  const circuits = await loadCircuits(settings.circuitFolders, network, settings.mode);
  const made = createProver(
    settings.prover, { threads: settings.proverWorkers, random }, settings.nativeProver === undefined ? undefined : nativeProgram(settings.nativeProver),
  );
  const prover = measuredProver(made, { workers: settings.proverWorkers, circuits: circuits.map(({ circuit }) => circuit.instance.name), metrics, clock });
  const attempted = jobObserver(metrics, log);
  const jobs = createJobs({
    database, clock, random, concurrency: CONCURRENT_JOBS, pollMs: JOB_POLL_MS,
    onAttempt: (attempt) => {
      attempted(attempt);
      if (attempt.outcome === 'dead') void buried(attempt.kind, attempt.key);
    },
  });
  const changes = new Changes();
  const keyring = new Keyring(context);
  const enrolments = new Enrolments(context, keyring);
  const pseudonyms = new Pseudonyms(context, keyring, enrolments);
  const connections = new Connections(context, pseudonyms);
  const requirements = new Requirements(context, connections, jobs);
  const hospital = new Hospital(context, keyring, enrolments, pseudonyms);
  const patients = new Patients(context, keyring, enrolments, pseudonyms, jobs);
  const records = new Records(context, objects, keyring, hospital, jobs);
  const screening = new Screening(context, records);
  const population = new Population(context, keyring);
  const importer = new Importer(context, patients, records, population);
  const trail = new TrailStore(database, (tx, accounts) => pseudonyms.patientsOf(tx, accounts));
  const bulk = new BulkImporter(context, patients, importer);
  const store = new ExchangeStore(context, changes, trail);
  const matcher = new Matcher(context, patients, records, requirements, store);

  const fetchPolicies = (): void => {
    requirements.fetchMissing().catch((error: unknown) => log.warn('policies-not-fetched', { code: isCodedError(error) ? error.code : 'unexpected' }));
  };
  const view = new LedgerView(context, changes, jobs, trail, fetchPolicies);
  const measured = measureFollower(metrics, () => follower);
  const follower: LedgerFollower = new LedgerFollower({
    genesis: fromBase64Url(network.genesis),
    contract: connections.reader,
    cursor: view.cursor,
    handle: (block) => view.handle(block),
    onError: (error) => {
      measured.failed(error);
      log.error('ledger-not-followed', error);
    },
  });
  const ledger = new LedgerAccess(follower, connections.reader, clock);
  const transactions = new Transactions(context, ledger, follower, connections);
  const runner = new ExchangeRunner(context, store, new Instances(records, requirements, keyring, pseudonyms), {
    uploads: new Uploads(context, connections, store),
    transactions,
    proofs: new Proofs(context, prover, circuits, enrolments, ledger),
    grants: new Grants(context, connections, store),
  }, jobs);
  const starter = new ExchangeStarter(context, { patients, records, requirements, matcher, keyring, pseudonyms, circuits, jobs });
  const rules = new ConsentRules(context, patients, keyring, jobs);
  const decisions = new ConsentDecisions(context, requirements, starter);
  const standing = new StandingConsent(context, { rules, decisions, requirements, screening, matcher, starter }, jobs);
  const withdrawals = new Withdrawals(context, { patients, rules, decisions, standing, store, runner, requirements, trail });
  const consent = { rules, decisions, standing, withdrawals };
  const maker = new VoucherMaker(context, keyring);
  const purses = new Purses(context, { pseudonyms, transactions, maker, trail }, jobs);
  const payouts = new Payouts(context, { patients, pseudonyms, transactions, maker }, jobs);
  const funds = new FundsView(context, { patients, pseudonyms, purses });
  const buried = (kind: string, key: string): Promise<void> => {
    const id = key.split('/', 1)[0] ?? '';
    if (kind === PURSE.name) return purses.buried(id as Id<'acc'>);
    return kind === PAYOUT.name ? payouts.buried(id as Id<'pay'>) : runner.buried(kind, key);
  };
  const restorations = new Restorations(context, { patients, keyring, connections, trail, maker, jobs });
  return { jobs, consent, payouts, funds, screening, bulk, requirements, trail, restorations, pseudonyms, keyring, prover, hospital, patients, importer, population, matcher, store, changes, starter, runner, view, follower, fetchPolicies };
}

export type Agent = Awaited<ReturnType<typeof assemble>>;
