import { describeExchange } from './exchange-specs.js';

describeExchange('nine processes, replicas over TLS streams of their own', 'direct');
