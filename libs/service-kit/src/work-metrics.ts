import type { Jobs, JobsOptions, Outbox } from '@medveil/database';
import type { ServiceLog } from './log.js';
import type { ServiceMetrics } from './metrics.js';

/** What counts messages: it has the form of @medveil/messaging's `MessageObserver`. */
export interface ObservedMessages {
  published(topic: string): void;
  handled(topic: string, type: string, outcome: 'ok' | 'retry' | 'dead-letter', durationMs: number): void;
  dropped(topic: string, reason: string): void;
  waiting(topic: string, inHand: number, atBroker: number): void;
}

/** What a service reads, and for which reasons messages are dropped: counts of failures begin with zero. */
export interface ReadMessages {
  readonly topics: readonly string[];
  readonly dropReasons: readonly string[];
}

/** Rate, errors and duration of messages by type; what was dropped or buried is logged too. */
export function messageObserver(metrics: ServiceMetrics, log: ServiceLog, { topics, dropReasons }: ReadMessages): ObservedMessages {
  const published = metrics.counter({ name: 'medveil_messages_published_total', help: 'Messages that the bus has taken.', labels: ['topic'] });
  const handled = metrics.duration({
    name: 'medveil_message_handling_duration_seconds', help: 'Time of an attempt to handle a message.', labels: ['topic', 'type', 'outcome'],
  });
  const known = topics.map((topic) => ({ topic }));
  const buried = metrics.counter({ name: 'medveil_messages_dead_lettered_total', help: 'Messages given up after their last attempt.', labels: ['topic'] }, known);
  const dropped = metrics.counter(
    { name: 'medveil_messages_dropped_total', help: 'Messages not believed or not understood.', labels: ['topic', 'reason'] },
    topics.flatMap((topic) => dropReasons.map((reason) => ({ topic, reason }))),
  );
  const waiting = metrics.gauge({
    name: 'medveil_messages_waiting', help: 'Messages that wait for this service: in its hands, and at the broker as of the last fetch.', labels: ['topic'],
  });
  for (const labels of known) waiting.set(labels, 0);
  return {
    published: (topic) => published.add({ topic }),
    handled: (topic, type, outcome, durationMs) => {
      handled.observeMs({ topic, type, outcome }, durationMs);
      if (outcome !== 'dead-letter') return;
      buried.add({ topic });
      log.warn('message-buried', { topic, messageType: type });
    },
    dropped: (topic, reason) => {
      dropped.add({ topic, reason });
      log.warn('message-dropped', { topic, reason });
    },
    waiting: (topic, inHand, atBroker) => waiting.set({ topic }, inHand + atBroker),
  };
}

/** Rate, errors and duration of jobs by kind: `createJobs({ ..., onAttempt: jobObserver(metrics, log) })`. */
export function jobObserver(metrics: ServiceMetrics, log: ServiceLog): NonNullable<JobsOptions['onAttempt']> {
  const attempts = metrics.duration({ name: 'medveil_job_attempt_duration_seconds', help: 'Time of an attempt at a job.', labels: ['kind', 'outcome'] });
  return ({ kind, outcome, durationMs, code }) => {
    attempts.observeMs({ kind, outcome }, durationMs);
    if (outcome === 'retry' || outcome === 'dead') log.warn('job-attempt-failed', { jobKind: kind, outcome, ...(code === undefined ? {} : { code }) });
  };
}

/** The depth of the service's queue of jobs: what is due and not begun, and what no attempt will be made at any more. */
export function measureJobs(metrics: ServiceMetrics, jobs: Pick<Jobs, 'counts'>): void {
  metrics.gaugesFrom({
    name: 'medveil_jobs', help: 'Jobs that are due, that wait for their time, that are running, and that are dead: given up after the last attempt.', labels: ['state'],
  }, async () => {
    const { waiting, due, running, dead } = await jobs.counts();
    return { due, later: waiting - due, running, dead };
  });
}

/** The depth of the service's outbox. */
export function measureOutbox(metrics: ServiceMetrics, outbox: Pick<Outbox, 'counts'>): void {
  metrics.gaugesFrom({ name: 'medveil_outbox_messages', help: 'Messages of the outbox that wait for the bus, or that it will not take.', labels: ['state'] }, async () => ({ ...(await outbox.counts()) }));
}
