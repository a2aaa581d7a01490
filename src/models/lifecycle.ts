import { internal } from '../platform/index.js';
import { refusedBy, type Permission, type Role } from '../security/index.js';

export const STATES = ['DRAFT', 'SUBMITTED', 'VALIDATED', 'APPROVED', 'REJECTED', 'WITHDRAWN', 'SUSPENDED', 'RETIRED'] as const;

export type VersionState = (typeof STATES)[number];

interface ActRule {
  /** What the token must allow. */
  readonly permission: Permission;
  /** The role that must also be granted in the database, at the moment of the act. */
  readonly role: Role;
  /** "A version can be ⟨done⟩ only …" */
  readonly done: string;
}

/** Everything that can be done to a model version, and by whom. */
export const ACTS = {
  REGISTER: { permission: 'model:register', role: 'MODEL_OWNER', done: 'registered' },
  EDIT: { permission: 'version:submit', role: 'MODEL_OWNER', done: 'edited' },
  SUBMIT: { permission: 'version:submit', role: 'MODEL_OWNER', done: 'submitted' },
  WITHDRAW: { permission: 'version:submit', role: 'MODEL_OWNER', done: 'withdrawn' },
  VALIDATE: { permission: 'version:validate', role: 'VALIDATOR', done: 'validated' },
  INVALIDATE: { permission: 'version:validate', role: 'VALIDATOR', done: 'refused validation' },
  APPROVE: { permission: 'version:approve', role: 'ADMIN', done: 'approved' },
  REJECT: { permission: 'version:approve', role: 'ADMIN', done: 'rejected' },
  DEPLOY: { permission: 'version:deploy', role: 'ADMIN', done: 'deployed' },
  SUSPEND: { permission: 'version:deploy', role: 'ADMIN', done: 'suspended' },
  RESUME: { permission: 'version:deploy', role: 'ADMIN', done: 'resumed' },
  RETIRE: { permission: 'version:deploy', role: 'ADMIN', done: 'retired' },
} as const satisfies Record<string, ActRule>;

export type Act = keyof typeof ACTS;

export interface Transition {
  readonly act: Act;
  /** Null before the version exists. */
  readonly from: VersionState | null;
  readonly to: VersionState;
}

/** The lifecycle of a model version. What is not in this table cannot happen. */
export const TRANSITIONS: readonly Transition[] = [
  { act: 'REGISTER', from: null, to: 'DRAFT' },
  { act: 'EDIT', from: 'DRAFT', to: 'DRAFT' },
  { act: 'SUBMIT', from: 'DRAFT', to: 'SUBMITTED' },
  { act: 'VALIDATE', from: 'SUBMITTED', to: 'VALIDATED' },
  { act: 'INVALIDATE', from: 'SUBMITTED', to: 'REJECTED' },
  // Where a verdict has expired another validator looks again.
  { act: 'VALIDATE', from: 'VALIDATED', to: 'VALIDATED' },
  { act: 'INVALIDATE', from: 'VALIDATED', to: 'REJECTED' },
  { act: 'APPROVE', from: 'SUBMITTED', to: 'APPROVED' },
  { act: 'APPROVE', from: 'VALIDATED', to: 'APPROVED' },
  { act: 'REJECT', from: 'SUBMITTED', to: 'REJECTED' },
  { act: 'REJECT', from: 'VALIDATED', to: 'REJECTED' },
  { act: 'WITHDRAW', from: 'SUBMITTED', to: 'WITHDRAWN' },
  { act: 'WITHDRAW', from: 'VALIDATED', to: 'WITHDRAWN' },
  { act: 'DEPLOY', from: 'APPROVED', to: 'APPROVED' },
  { act: 'SUSPEND', from: 'APPROVED', to: 'SUSPENDED' },
  { act: 'RESUME', from: 'SUSPENDED', to: 'APPROVED' },
  { act: 'RETIRE', from: 'APPROVED', to: 'RETIRED' },
];

/**
 * Where an act leads from a state.
 * @throws REFUSED, naming the states in which the act is possible
 */
export function transitionOf(act: Act, from: VersionState | null): Transition {
  const found = TRANSITIONS.find((transition) => transition.act === act && transition.from === from);
  if (found) return found;
  const possible = statesFor(act).join(' or ');
  throw refusedBy('LIFECYCLE', {
    says: `A version can be ${ACTS[act].done} only while it is ${possible}; this one is ${from ?? 'not registered'}.`,
    remedy: 'Look at its transitions, and do what comes next.',
    who: ACTS[act].role,
  });
}

/** The states in which an act is possible. */
export const statesFor = (act: Act): VersionState[] =>
  TRANSITIONS.filter((transition) => transition.act === act).flatMap(({ from }) => from ?? []);

/** Whether an approval lies ahead: it can be reached from here by the acts that lead to it. */
export const awaitsVotes = (state: VersionState): boolean => BEFORE_APPROVAL.has(state);

/**
 * Checks a lifecycle table: only known states and acts, nothing ambiguous, every state reachable, every act possible.
 * @throws INTERNAL naming what is wrong
 */
export function checkLifecycle(states: readonly string[], acts: readonly string[], transitions: readonly { act: string; from: string | null; to: string }[]): void {
  const seen = new Set<string>();
  for (const { act, from, to } of transitions) {
    const text = `${act}: ${from ?? 'nothing'} → ${to}`;
    if (!acts.includes(act)) throw internal(`The lifecycle names an unknown act (${text}).`);
    for (const state of [from ?? to, to]) if (!states.includes(state)) throw internal(`The lifecycle names the unknown state ${state} (${text}).`);
    if (seen.has(`${act} ${from}`)) throw internal(`The lifecycle leads to two states by one act (${text}).`);
    seen.add(`${act} ${from}`);
  }
  const unused = acts.find((act) => transitions.every((transition) => transition.act !== act));
  if (unused !== undefined) throw internal(`The lifecycle never does ${unused}.`);
  const reached = reachable(transitions);
  const unreachable = states.find((state) => !reached.has(state));
  if (unreachable !== undefined) throw internal(`The lifecycle never reaches the state ${unreachable}.`);
}

function reachable(transitions: readonly { from: string | null; to: string }[]): Set<string> {
  const reached = new Set<string>();
  let before = -1;
  while (reached.size > before) {
    before = reached.size;
    for (const { from, to } of transitions) if (from === null || reached.has(from)) reached.add(to);
  }
  return reached;
}

checkLifecycle(STATES, Object.keys(ACTS), TRANSITIONS);

const BEFORE_APPROVAL: ReadonlySet<VersionState> = new Set((['SUBMIT', 'VALIDATE', 'APPROVE'] as const).flatMap(statesFor));
