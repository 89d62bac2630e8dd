import { testEndpoint } from '../../../scripts/servers/index.mjs';
import { describeMessageBusContract } from './contract.js';
import { kafkaSettings, openKafkaBus } from './kafka-settings.js';

const clock = () => Date.now();

describeMessageBusContract('Kafka', async () => {
  const bus = openKafkaBus(kafkaSettings.parse({
    kind: 'kafka', brokers: testEndpoint('kafka').split(','), replicationFactor: 1, createMissingTopics: true, maxMessageBytes: 64 * 1024, maxAttempts: 3, backoffFirstMs: 10, backoffLongestMs: 40,
  }), { clock });
  return { bus, maxMessageBytes: 64 * 1024, maxAttempts: 3, dispose: async () => bus.close() };
});
