import { createHash } from 'node:crypto';

const BYTES = 6;
const RANGE = 2 ** (8 * BYTES);

/**
 * Where a customer lies for a canary, in [0, 1): SHA-256(deployment id ‖ customer id), its first 48 bits. It depends on
 * nothing else, so a customer stays on the same side for as long as the deployment lasts, and each canary draws anew.
 */
export const placeInCanary = (deploymentId: string, customerId: string): number =>
  createHash('sha256').update(`${deploymentId} ${customerId}`).digest().readUIntBE(0, BYTES) / RANGE;

export const isInShare = (deploymentId: string, customerId: string, share: number): boolean => placeInCanary(deploymentId, customerId) < share;
