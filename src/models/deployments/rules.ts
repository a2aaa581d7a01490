import { messageOf } from '../../platform/index.js';
import { refusedBy } from '../../security/index.js';
import type { DeployedVersion } from './changes.js';

const who = 'ADMIN';
const TWO = 'two ADMINs';
const ANEW = 'Decline the proposal and propose resumeModel again: it then says what can be deployed.';

export const cannotLoad = ({ version }: Pick<DeployedVersion, 'version'>, error: unknown): Error =>
  refusedBy('LOADABLE', {
    says: `Version ${version} cannot be loaded (${messageOf(error)}), so it cannot serve; what is live stays live.`,
    remedy: 'Register the version again from sound artefacts.',
    who: 'MODEL_OWNER',
  });

export const cannotResumeWith = ({ version }: Pick<DeployedVersion, 'version'>, error: unknown): Error =>
  refusedBy('LOADABLE', { says: `Version ${version} cannot be loaded (${messageOf(error)}), so the model cannot be resumed with it.`, remedy: ANEW, who });

export const notAsSaid = (says: string): Error => refusedBy('RESUMED_AS_SAID', { says, remedy: ANEW, who, code: 'CONFLICT' });

/** @param titles of the findings, at least one */
export const highFindingOpen = ({ version }: Pick<DeployedVersion, 'version'>, titles: readonly string[]): Error =>
  refusedBy('NO_HIGH_FINDING', {
    says: `Version ${version} cannot be deployed to decide while HIGH findings are open on it or its model: ${titles.map((title) => `“${title}”`).join(', ')}.`,
    remedy: 'Their owners resolve them (resolveFinding), and a VALIDATOR accepts that (acceptResolution). Until then deploy another approved version, or stop the model with suspendModel.',
    who: 'the owners of the findings, then a VALIDATOR',
  });

export const isSuspended = (what: string, since: Date, remedy: string): Error =>
  refusedBy('NOT_SUSPENDED', { says: `${what} is suspended since ${since.toISOString()}.`, remedy, who: TWO });

export const suspendedAlready = (what: string, since: Date): Error =>
  refusedBy('SUSPENDED_ONCE', { says: `${what} is suspended since ${since.toISOString()} already.`, remedy: 'Nothing is left to do; two ADMINs can resume it.', who: TWO, code: 'CONFLICT' });

export const notSuspended = (what: string): Error =>
  refusedBy('SUSPENDED_ONCE', { says: `${what} is not suspended, or not any more by the suspension that was to be lifted.`, remedy: 'Look at its suspensions.', who, code: 'CONFLICT' });

export const championFirst = (role: string): Error =>
  refusedBy('CHAMPION_FIRST', { says: `A ${role} stands beside a champion, and the model has none.`, remedy: 'Deploy a CHAMPION first.', who });

export const holdsRole = ({ version }: DeployedVersion, role: string): Error =>
  refusedBy('ONE_ROLE', {
    says: role === 'CHAMPION' ? `Version ${version} is the champion of its model already.` : `Version ${version} is deployed as ${role} already.`,
    remedy: role === 'CHAMPION' ? 'Deploy another version, or leave it.' : 'Deploy it as CHAMPION, or end that deployment first.',
    who,
  });

export const oneCanary = ({ version }: DeployedVersion): Error =>
  refusedBy('ONE_CANARY', { says: `The model has a canary already, version ${version}.`, remedy: 'End it with endDeployment, or make it the CHAMPION.', who });

const CHAMPION_REMEDY = 'Deploy another version, roll the model back, or stop it with suspendModel.';

export const championStays = (says: string): Error => refusedBy('NO_GAP', { says, remedy: CHAMPION_REMEDY, who });

export const nothingBefore = (): Error =>
  refusedBy('EARLIER_CHAMPION', {
    says: 'There is no earlier champion of another version that is still approved.',
    remedy: 'Deploy an approved version, or stop the model with suspendModel.',
    who,
  });

export const nothingLive = (): Error =>
  refusedBy('EARLIER_CHAMPION', { says: 'The model has no champion that could be rolled back.', remedy: 'Deploy an approved version with deployModelVersion.', who });

export const endedAlready = (validTo: Date): Error =>
  refusedBy('ENDS_STAND', { says: `The deployment ended on ${validTo.toISOString()} already.`, remedy: 'Nothing is left to do.', who, code: 'CONFLICT' });
