import type { JobsOptions } from '@medveil/database';
import type { ServiceLog } from './log.js';
import type { ServiceMetrics } from './metrics.js';

/** What counts messages: it has the form of @medveil/messaging's `MessageObserver`. */
export interface ObservedMessages {
  published(topic: string): void;
  handled(topic: string, group: string, outcome: 'ok' | 'retry' | 'dead-letter', durationMs: number): void;
  dropped(topic: string, reason: string): void;
  depth(topic: string, group: string, queued: number): void;
}

/** Rate, errors and duration of messages by topic; what was dropped or buried is logged too. */
export function messageObserver(metrics: ServiceMetrics, log: ServiceLog): ObservedMessages {
  const published = metrics.counter({ name: 'medveil_messages_published_total', help: 'Messages given to the bus', labels: ['topic'] });
  const handled = metrics.duration({
    name: 'medveil_message_handling_duration_seconds', help: 'Time a handler took for a message', labels: ['topic', 'group', 'outcome'],
  });
  const dropped = metrics.counter({ name: 'medveil_messages_dropped_total', help: 'Messages not believed or not understood', labels: ['topic', 'reason'] });
  const waiting = metrics.gauge({ name: 'medveil_messages_waiting', help: 'Messages waiting for a group', labels: ['topic', 'group'] });
  return {
    published: (topic) => published.add({ topic }),
    handled: (topic, group, outcome, durationMs) => {
      handled.observeMs({ topic, group, outcome }, durationMs);
      if (outcome === 'dead-letter') log.warn('message-buried', { topic, group });
    },
    dropped: (topic, reason) => {
      dropped.add({ topic, reason });
      log.warn('message-dropped', { topic, reason });
    },
    depth: (topic, group, queued) => waiting.set({ topic, group }, queued),
  };
}

/** Rate, errors and duration of jobs by kind: `createJobs({ ..., onAttempt: jobObserver(metrics, log) })`. */
export function jobObserver(metrics: ServiceMetrics, log: ServiceLog): NonNullable<JobsOptions['onAttempt']> {
  const attempts = metrics.duration({ name: 'medveil_job_attempt_duration_seconds', help: 'Time an attempt at a job took', labels: ['kind', 'outcome'] });
  return ({ kind, outcome, durationMs }) => {
    attempts.observeMs({ kind, outcome }, durationMs);
    if (outcome === 'retry' || outcome === 'dead') log.warn('job-attempt-failed', { jobKind: kind, outcome });
  };
}
