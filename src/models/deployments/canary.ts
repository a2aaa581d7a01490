import { createHash } from 'node:crypto';

const BYTES = 6;
const RANGE = 2 ** (8 * BYTES);

/**
 * Where a customer lies for a canary, in [0, 1): SHA-256(version id ‖ customer id), its first 48 bits. It depends on
 * nothing else: canaries of one version, however often it is suspended, resumed or deployed again, have the same
 * customers, a larger share those of a smaller one and more. Each version draws anew.
 */
export const placeInCanary = (versionId: string, customerId: string): number =>
  createHash('sha256').update(`${versionId} ${customerId}`).digest().readUIntBE(0, BYTES) / RANGE;

export const isInShare = (versionId: string, customerId: string, share: number): boolean => placeInCanary(versionId, customerId) < share;
