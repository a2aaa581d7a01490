import { Ctx, FieldResolver, Resolver, Root } from 'type-graphql';
import type { TransparencyLog } from '../audit/index.js';
import { bundleOf } from './bundle.js';
import type { Context } from '../platform/index.js';
import { PredictionType, type Evidence } from '../predictions/index.js';
import { Privileged, Requires } from '../security/index.js';
import { AuditProof, AuditReceipt } from './audit.types.js';
import { toProof, toReceipt } from './audit.resolver.js';
import { proofsOf, receiptsOf } from './loaders.js';

/** That a prediction is in the transparency log. */
@Resolver(() => PredictionType)
export class PredictionProofsResolver {
  private readonly proofs;
  private readonly receipts;

  constructor(
    private readonly log: TransparencyLog,
    private readonly evidence: Evidence,
  ) {
    this.proofs = proofsOf(log);
    this.receipts = receiptsOf(log);
  }

  @Requires('prediction:read')
  @FieldResolver(() => AuditReceipt, { nullable: true, description: 'What the log promises of this prediction, signed: keep it, and nobody can later say that there was none.' })
  async receipt(@Ctx() ctx: Context, @Root() { row }: PredictionType): Promise<AuditReceipt | null> {
    const note = await ctx.loaders.of(ctx, this.receipts).load(row.id);
    return note === undefined ? null : toReceipt(note);
  }

  @Requires('prediction:detail')
  @FieldResolver(() => AuditProof, { nullable: true, description: 'That it is in the transparency log; null for the second until it is integrated.' })
  async proof(@Ctx() ctx: Context, @Root() { row }: PredictionType): Promise<AuditProof | null> {
    const proof = await ctx.loaders.of(ctx, this.proofs).load(row.id);
    return proof ? toProof(proof) : null;
  }

  @Privileged('PREDICTION', ({ row }: PredictionType) => row.id)
  @Requires('prediction:detail')
  @FieldResolver(() => String, { nullable: true, description: 'All that proves it, as JSON that `assay verify --offline` checks with no server and no database (docs/record-format.md); null for the second until it is integrated.' })
  async bundle(@Ctx() ctx: Context, @Root() { row }: PredictionType): Promise<string | null> {
    const [proof, receipt, record] = await Promise.all([ctx.loaders.of(ctx, this.proofs).load(row.id), ctx.loaders.of(ctx, this.receipts).load(row.id), this.evidence.record(ctx, row)]);
    return proof && receipt !== undefined ? JSON.stringify(await bundleOf(ctx, row, { proof, receipt, body: record?.canonical ?? null, verifierKey: this.log.verifierKey(proof.head.epoch) }), null, 2) : null;
  }
}
