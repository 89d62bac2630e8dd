import { IdentityError } from './errors.js';

/**
 * T-Certs are valid for whole epochs, the same for everybody's, so that a validity period says nothing about
 * who asked when: all T-Certs of an epoch carry the same two times.
 */
export interface EpochSchedule {
  readonly epochMs: number;
  /** How many epochs a T-Cert lives, its first one included. */
  readonly lifetimeEpochs: number;
}

const DAY_MS = 86_400_000;

/** Weeks, counted from 1 January 1970 (a Thursday); a T-Cert lives for two of them. */
export const WEEKLY_EPOCHS: EpochSchedule = { epochMs: 7 * DAY_MS, lifetimeEpochs: 2 };

export const epochAt = (atMs: number, schedule: EpochSchedule): number => Math.floor(atMs / checked(schedule).epochMs);

/** @returns valid from `notBeforeMs` on, and no longer at `notAfterMs` */
export function validityOfEpoch(epoch: number, schedule: EpochSchedule): { notBeforeMs: number; notAfterMs: number } {
  const { epochMs, lifetimeEpochs } = checked(schedule);
  if (!Number.isSafeInteger(epoch) || epoch < 0) throw new IdentityError('identity/bad-input', 'an epoch is a whole number from 0');
  return { notBeforeMs: epoch * epochMs, notAfterMs: (epoch + lifetimeEpochs) * epochMs };
}

function checked(schedule: EpochSchedule): EpochSchedule {
  const { epochMs, lifetimeEpochs } = schedule;
  if (!Number.isSafeInteger(epochMs) || epochMs < 1 || !Number.isSafeInteger(lifetimeEpochs) || lifetimeEpochs < 1) {
    throw new IdentityError('identity/bad-input', 'an epoch schedule has a positive length and lifetime', { epochMs, lifetimeEpochs });
  }
  return schedule;
}
