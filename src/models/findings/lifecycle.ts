import { refusedBy } from '../../security/index.js';
import { checkLifecycle } from '../lifecycle.js';

export const SEVERITIES = ['HIGH', 'MEDIUM', 'LOW'] as const;

export type FindingSeverity = (typeof SEVERITIES)[number];

export const FINDING_STATES = ['OPEN', 'RESOLUTION_PROPOSED', 'CLOSED'] as const;

export type FindingState = (typeof FINDING_STATES)[number];

export const RESOLUTION_OUTCOMES = ['REMEDIED', 'RISK_ACCEPTED'] as const;

export type ResolutionOutcome = (typeof RESOLUTION_OUTCOMES)[number];

/** What can be done to a finding: "A finding can be ⟨done⟩ only …", and who can. */
export const FINDING_ACTS = {
  RAISE: { done: 'raised', who: 'VALIDATOR' },
  REASSIGN: { done: 'given to another owner', who: 'a VALIDATOR other than its owner' },
  RESOLVE: { done: 'resolved', who: 'its owner' },
  ACCEPT: { done: 'closed', who: 'a VALIDATOR other than its owner' },
  REJECT: { done: 'sent back', who: 'a VALIDATOR other than its owner' },
} as const;

export type FindingAct = keyof typeof FINDING_ACTS;

/** The life of a finding. Its state is what its resolutions and verdicts make it; nothing else is stored. */
export const FINDING_STEPS: readonly { act: FindingAct; from: FindingState | null; to: FindingState }[] = [
  { act: 'RAISE', from: null, to: 'OPEN' },
  { act: 'REASSIGN', from: 'OPEN', to: 'OPEN' },
  { act: 'RESOLVE', from: 'OPEN', to: 'RESOLUTION_PROPOSED' },
  { act: 'ACCEPT', from: 'RESOLUTION_PROPOSED', to: 'CLOSED' },
  { act: 'REJECT', from: 'RESOLUTION_PROPOSED', to: 'OPEN' },
];

checkLifecycle(FINDING_STATES, Object.keys(FINDING_ACTS), FINDING_STEPS);

/** @throws REFUSED, naming the states in which the act is possible */
export function requireStep(act: FindingAct, from: FindingState): void {
  const possible = FINDING_STEPS.filter((step) => step.act === act);
  if (possible.some((step) => step.from === from)) return;
  throw refusedBy('FINDING_STEPS', {
    says: `A finding can be ${FINDING_ACTS[act].done} only while it is ${possible.map((step) => step.from).join(' or ')}; this one is ${from}.`,
    remedy: 'Read how it stands now, and what can be done from there.',
    who: FINDING_ACTS[act].who,
  });
}
