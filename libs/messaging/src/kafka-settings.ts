import { randomUUID } from 'node:crypto';
import { type Clock, secret } from '@medveil/encoding';
import { z } from 'zod';
import { KafkaBus } from './kafka-bus.js';
import { TOPICS } from './topics.js';

const HOUR_MAX = 24 * 366;
const limitMs = (max: number) => z.int().min(10).max(max);

/** Kafka: the brokers, how to be known to them, and the limits of this member. */
export const kafkaSettings = z.strictObject({
  kind: z.literal('kafka'),
  /** host:port of some of the brokers */
  brokers: z.array(z.string().regex(/^[^\s:]+:\d{1,5}$/, { error: 'must be host:port' })).min(1),
  clientId: z.string().min(1).max(64).default('medveil'),
  tls: z.boolean().default(false),
  caFile: z.string().min(1).optional(),
  certificateFile: z.string().min(1).optional(),
  keyFile: z.string().min(1).optional(),
  saslMechanism: z.enum(['plain', 'scram-sha-256', 'scram-sha-512']).default('scram-sha-512'),
  saslUsername: z.string().min(1).optional(),
  saslPassword: secret(z.string().min(1)).optional(),
  topicPartitions: z.int().min(1).max(1_000).default(3),
  replicationFactor: z.int().min(1).max(9).default(3),
  retentionHours: z.int().min(1).max(HOUR_MAX).default(24 * 7),
  deadLetterRetentionHours: z.int().min(1).max(HOUR_MAX).default(24 * 30),
  createMissingTopics: z.boolean().default(false),
  presentTopics: z.array(z.string().min(1)).default([TOPICS.consensus]),
  maxMessageBytes: z.int().min(1024).max(16 * 1024 * 1024).default(1024 * 1024),
  maxQueued: z.int().min(1).max(1_000_000).default(10_000),
  publishTimeoutMs: limitMs(600_000).default(15_000),
  maxAttempts: z.int().min(1).max(100).default(10),
  backoffFirstMs: z.int().min(1).max(60_000).default(50),
  backoffLongestMs: z.int().min(1).max(600_000).default(5_000),
  sessionTimeoutMs: z.int().min(1_000).max(300_000).default(6_000),
  pollMs: limitMs(60_000).default(100),
  maxReadAhead: z.int().min(1).max(100_000).default(500),
  maxReadAheadBytes: z.int().min(1024).default(8 * 1024 * 1024),
  connectTimeoutMs: limitMs(60_000).default(3_000),
  requestTimeoutMs: limitMs(600_000).default(10_000),
  checkTimeoutMs: limitMs(60_000).default(5_000),
}).refine(({ saslUsername, saslPassword }) => (saslUsername === undefined) === (saslPassword === undefined), { error: 'give saslUsername and saslPassword, or neither' });
export type KafkaSettings = z.infer<typeof kafkaSettings>;

export function openKafkaBus(settings: KafkaSettings, { clock }: { readonly clock: Clock }): KafkaBus {
  const {
    kind: _kind, tls, caFile, certificateFile, keyFile, saslMechanism, saslUsername, saslPassword, topicPartitions, replicationFactor, retentionHours, deadLetterRetentionHours,
    backoffFirstMs, backoffLongestMs, ...rest
  } = settings;
  const files = { ...(caFile === undefined ? {} : { caFile }), ...(certificateFile === undefined ? {} : { certificateFile }), ...(keyFile === undefined ? {} : { keyFile }) };
  return new KafkaBus({
    ...rest,
    clock,
    bootId: randomUUID(),
    backoffMs: { first: backoffFirstMs, longest: backoffLongestMs },
    topics: { partitions: topicPartitions, replicationFactor, retentionHours, deadLetterRetentionHours, maxMessageBytes: rest.maxMessageBytes },
    ...(tls ? { tls: files } : {}),
    ...(saslUsername === undefined || saslPassword === undefined ? {} : { sasl: { mechanism: saslMechanism, username: saslUsername, password: saslPassword } }),
  });
}
