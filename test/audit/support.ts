import * as fc from 'fast-check';
import type { AuditEvent } from '../../src/audit/index.js';

const digest = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => Buffer.from(bytes).toString('hex'));
const payload = fc.record({
  artefact: fc.option(digest), dossier: fc.option(digest), deployment: fc.option(fc.uuid()), status: fc.constantFrom('SCORED', 'REFUSED', 'FAILED'), record: digest, commitment: digest, columns: digest,
});

/** Events of predictions, with a version and without. */
export const predictionEvents: fc.Arbitrary<AuditEvent> = fc.record({
  type: fc.constant('PREDICTION_RECORDED' as const), id: fc.uuid(), actor: fc.uuid(), time: fc.date({ min: new Date(0), max: new Date('9999-12-31T23:59:59.999Z'), noInvalidDate: true }), payload,
});
