import { recordEvent } from '../../audit/index.js';
import { canonicalJson, newId, notFound, sha256, type Context, type Queryable, type Transaction } from '../../platform/index.js';
import { refusedBy } from '../../security/index.js';
import { openHighFindings } from '../findings/findings.queries.js';
import { awaitsVotes } from '../lifecycle.js';
import { versionsById } from '../model.queries.js';
import { currentPolicy } from '../policy/policy.queries.js';
import { lockVersion, type LockedVersion } from '../version.acts.js';
import { failing, GATES, judgeGates, WAIVABLE } from './gates.js';
import { championBeside, waiversInForce, type GateStage } from './gates.queries.js';
import type { Measurements } from './measure.js';
import type { GateResult, Measured } from './types.js';

type Judged = Pick<LockedVersion, 'id' | 'modelId' | 'dossierDigest'>;

/** What all gates said, under which policy. */
interface Evaluation {
  readonly stage: GateStage;
  readonly version: Judged;
  readonly policyVersion: number;
  readonly results: readonly GateResult[];
}

/** Evaluates the gates. Measuring comes before a transaction; judging and recording happen inside it. */
export class Gates {
  /** Evaluations for which a vote was refused: the vote's transaction took them with it. */
  private readonly refused = new WeakMap<object, Evaluation>();

  constructor(private readonly measurements: Measurements) {}

  /** Loads and runs the version. @throws NOT_FOUND */
  measure(ctx: Context, versionId: string): Promise<Measured> {
    return this.measurements.of(ctx.db, versionId);
  }

  /** What the gates would say now. Nothing is recorded. @throws NOT_FOUND */
  async preview(ctx: Context, versionId: string): Promise<readonly GateResult[]> {
    const version = await ctx.loaders.of(ctx, versionsById).load(versionId);
    if (!version) throw notFound('There is no such model version.');
    const measured = await this.measure(ctx, versionId);
    return (await judge(ctx.db, 'SUBMISSION', version, measured)).results;
  }

  /** Writes down what the gates say of a version that is being submitted. A failure stops nothing: its voters look at it. */
  async recordSubmission(tx: Transaction, ctx: Context, version: LockedVersion, measured: Measured): Promise<void> {
    await record(tx, ctx, await judge(tx, 'SUBMISSION', version, measured));
  }

  /** Writes down that every gate lets a version pass. @throws REFUSED while one fails without a waiver, naming each */
  async requirePassed(tx: Transaction, ctx: Context, version: LockedVersion, measured: Measured): Promise<void> {
    const evaluation = await judge(tx, 'APPROVAL', version, measured);
    const failed = failing(evaluation.results);
    if (failed.length === 0) return record(tx, ctx, evaluation);
    const error = notPassed(version, failed);
    this.refused.set(error, evaluation);
    throw error;
  }

  /** Keeps the evaluation for which a vote was refused, in a transaction of its own, unless the version's fate is decided since. */
  async keepRefused<T>(ctx: Context, vote: () => Promise<T>): Promise<T> {
    try {
      return await vote();
    } catch (error) {
      const evaluation = this.refused.get(error as object);
      if (evaluation) {
        await ctx.db.transaction(async (tx) => {
          if (awaitsVotes((await lockVersion(tx, evaluation.version.id)).state)) await record(tx, ctx, evaluation);
        });
      }
      throw error;
    }
  }
}

async function judge(db: Queryable, stage: GateStage, { id, modelId, dossierDigest }: Judged, measured: Measured): Promise<Evaluation> {
  if (measured.dossierDigest !== dossierDigest) throw changedMeanwhile();
  const policy = await currentPolicy(db);
  const evidence = { ...measured, champion: await championBeside(db, modelId, id), openHighFindings: await openHighFindings(db, id, modelId) };
  const results = judgeGates(evidence, policy.gates, await waiversInForce(db, id, dossierDigest));
  return { stage, version: { id, modelId, dossierDigest }, policyVersion: policy.version, results };
}

async function record(tx: Transaction, ctx: Context, { stage, version, policyVersion, results }: Evaluation): Promise<void> {
  const id = newId();
  await tx.query(`INSERT INTO gate_evaluations (id, version_id, stage, dossier_digest, policy_version, by_user) VALUES ($1, $2, $3, decode($4, 'hex'), $5, $6)`, [
    id, version.id, stage, version.dossierDigest, policyVersion, ctx.actor.id,
  ]);
  await tx.query(
    `INSERT INTO gate_results (evaluation_id, gate, verdict, measured, threshold, unit, source, text, waiver_id)
     SELECT $1, r.gate, r.verdict, r.measured, r.threshold, r.unit, r.source, r.text, r."waiverId"
     FROM jsonb_to_recordset($2::jsonb) AS r(gate text, verdict text, measured float8, threshold float8, unit text, source text, text text, "waiverId" uuid)`,
    [id, JSON.stringify(results)],
  );
  const count = (verdict: GateResult['verdict']): number => results.filter((result) => result.verdict === verdict).length;
  await recordEvent(tx, {
    type: 'GATES_EVALUATED',
    id,
    actor: ctx.actor.id,
    time: ctx.now(),
    payload: {
      model: version.modelId, version: version.id, dossier: version.dossierDigest, evaluation: id, stage,
      results: sha256(canonicalJson(results)).toString('hex'), failed: count('FAIL'), waived: count('WAIVED'),
    },
  });
}

const changedMeanwhile = (): Error =>
  refusedBy('VOTE_FOR_PRESENT_DOSSIER', { says: 'The dossier was changed while its gates were evaluated.', remedy: 'Read it again, and try again.', who: 'whoever did it', code: 'CONFLICT' });

function notPassed({ version }: LockedVersion, failed: readonly GateResult[]): Error {
  const waivable = failed.filter(({ gate }) => WAIVABLE.includes(gate)).map(({ gate }) => gate);
  const never = failed.filter(({ gate }) => !WAIVABLE.includes(gate)).map(({ gate }) => `${gate} is never waived: ${GATES[gate].notWaived}`);
  const waive = waivable.length === 0 ? [] : [`For ${waivable.join(', ')} a VALIDATOR or ADMIN who did not make the version may ask for waiveGate, which another one confirms.`];
  return refusedBy('GATES_PASS', {
    says: `Version ${version} does not pass ${failed.length === 1 ? 'a gate' : `${failed.length} gates`}. ${failed.map(({ gate, text }) => `${gate}: ${text}`).join(' ')}`,
    remedy: [...waive, ...never].join(' '),
    who: waivable.length === 0 ? 'MODEL_OWNER' : 'MODEL_OWNER, with a better version; VALIDATOR or ADMIN, with a waiver',
  });
}
