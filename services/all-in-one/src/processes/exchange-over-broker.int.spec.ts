import { describeExchange } from './exchange-specs.js';

describeExchange('nine processes, replicas over the broker', 'bus');
