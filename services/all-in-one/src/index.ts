/** The whole system in one process. */
export { startSystem, type System, type SystemOptions, type SystemUrls } from './system.js';
