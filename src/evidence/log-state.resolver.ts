import { Ctx, Query, Resolver } from 'type-graphql';
import { epochsOf, formatKey, newestOfEach, originOf, type Doubt, type Epoch, type TransparencyLog, type Witnessing } from '../audit/index.js';
import { AssayError, type Context, type Queryable } from '../platform/index.js';
import { Requires } from '../security/index.js';
import { AuditDoubt, AuditEpoch, AuditLogState, AuditWitness } from './log-state.types.js';

/** Whether the log signs, and what its witnesses say. */
@Resolver(() => AuditLogState)
export class LogStateResolver {
  constructor(
    private readonly log: TransparencyLog,
    /** Undefined in a process that asks no witnesses. */
    private readonly witnessing: Witnessing | undefined,
  ) {}

  @Requires('audit:read')
  @Query(() => AuditLogState, { description: 'Whether the transparency log signs, why not, and what its witnesses say.' })
  async auditLogState(@Ctx() { db }: Context): Promise<AuditLogState> {
    await this.log.checkpoint(db).catch(unlessRefused);
    const { refusal, policy } = this.log;
    return {
      signs: refusal === undefined,
      refusal: refusal?.says ?? null,
      doubts: (refusal?.doubts ?? []).map(toDoubt),
      quorum: policy.quorum,
      witnesses: await this.witnesses(db),
      epochs: (await epochsOf(db)).map((epoch) => this.toEpoch(epoch)),
    };
  }

  private async witnesses(db: Queryable): Promise<AuditWitness[]> {
    const { witnesses } = this.log.policy;
    const newest = await newestOfEach(db, await this.log.epoch(db), witnesses.map(({ key }) => key));
    return witnesses.map((witness) => {
      const verifierKey = formatKey(witness.key);
      const [heard, last, silence] = [this.witnessing?.heardOf(witness), newest.get(verifierKey), this.log.knowledge.silenceOf(witness)];
      const { state, says } = heard ?? { state: silence === undefined ? 'WAITING' as const : 'UNREACHABLE' as const, says: silence };
      return { name: witness.key.name, verifierKey, url: witness.url, state, problem: says ?? null, cosignedSize: last?.size ?? null, cosignedAt: last?.recordedAt ?? null };
    });
  }

  private toEpoch({ epoch, reason, predecessor, kept, recordedAt }: Epoch): AuditEpoch {
    return { epoch, origin: originOf(this.log.origin, epoch), verifierKey: this.log.verifierKey(epoch), reason, openedAt: recordedAt, predecessor, kept };
  }
}

const toDoubt = ({ witness, says, checkpoint }: Doubt): AuditDoubt => ({ witness, says, proven: checkpoint !== undefined, checkpoint: checkpoint ?? null });

/** That is what is told. */
function unlessRefused(error: unknown): void {
  if (!(error instanceof AssayError) || error.code !== 'UNAVAILABLE') throw error;
}
