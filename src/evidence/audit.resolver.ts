import { Arg, Args, Ctx, FieldResolver, Float, Int, Query, Resolver, Root } from 'type-graphql';
import { type EntryProof, parseNote, type TransparencyLog, type WitnessedHead } from '../audit/index.js';
import { ConnectionArgs, connectionType, encodeGlobalId, toConnection, type Connection, type Context, type NodeLoader } from '../platform/index.js';
import { demand, Requires } from '../security/index.js';
import { eventPage, findEvent, type EventRow } from './audit.queries.js';
import { AuditCheckpoint, AuditEventFilterInput, AuditEventType, AuditProof, AuditReceipt, ConsistencyProof } from './audit.types.js';
import { proofsOf, receiptsOf } from './loaders.js';

export const AuditEventConnection = connectionType(AuditEventType, 'AuditEvent', 'events');

const base64 = (hash: Uint8Array): string => Buffer.from(hash).toString('base64');

export const toProof = ({ index, leaf, path, head, text }: EntryProof): AuditProof => ({
  leafIndex: index, treeSize: head.size, leaf: leaf.toString('utf8'), path: path.map(base64), checkpoint: head.note, tlogProof: text,
});

export const toReceipt = (note: string): AuditReceipt => ({ note, signature: base64(parseNote(note).signatures[0]!.bytes) });

/** Reads the transparency log. */
@Resolver(() => AuditEventType)
export class AuditResolver {
  private readonly proofs;
  private readonly receipts;

  constructor(private readonly log: TransparencyLog) {
    this.proofs = proofsOf(log);
    this.receipts = receiptsOf(log);
  }

  @Requires('self:read')
  @Query(() => AuditCheckpoint, { nullable: true, description: 'The transparency log as it is now, signed; null before its first entry. Also at GET /log/checkpoint.' })
  async auditCheckpoint(@Ctx() ctx: Context): Promise<AuditCheckpoint | null> {
    const head = await this.log.checkpoint(ctx.db);
    if (!head) return null;
    const [newest, witnessed] = await Promise.all([this.log.withCosignatures(ctx.db, head), this.log.witnessed(ctx.db)]);
    return this.toCheckpoint(newest, witnessed);
  }

  @Requires('self:read')
  @Query(() => ConsistencyProof, { description: 'That the log of one size is that of a smaller one with entries appended.' })
  async consistencyProof(
    @Ctx() ctx: Context,
    @Arg('from', () => Float, { description: 'The smaller size, 1 or more.' }) from: number,
    @Arg('to', () => Float, { description: 'The larger size, at most that of the newest checkpoint.' }) to: number,
    @Arg('epoch', () => Int, { nullable: true, description: 'Of this tree; the newest, unless given. Of an earlier one, within what stands of it.' }) epoch?: number,
  ): Promise<ConsistencyProof> {
    const { path } = await this.log.consistency(ctx.db, from, to, epoch ?? undefined);
    return { from, to, path: path.map(base64) };
  }

  @Requires('audit:read')
  @Query(() => AuditEventConnection, { description: 'What happened: acts, refusals, predictions, the newest first.' })
  async auditEvents(
    @Ctx() ctx: Context,
    @Args() page: ConnectionArgs,
    @Arg('filter', () => AuditEventFilterInput, { nullable: true, description: 'Which ones; all, unless given.' }) filter?: AuditEventFilterInput,
  ): Promise<Connection<AuditEventType>> {
    const { types, since, before } = filter ?? {};
    return toConnection(await eventPage(ctx.db, { types: types ?? undefined, since: since ?? undefined, before: before ?? undefined }, page), toEvent);
  }

  @FieldResolver(() => AuditProof, { nullable: true, description: 'That it is in the log; null for the second until it is integrated.' })
  async proof(@Ctx() ctx: Context, @Root() { event }: AuditEventType): Promise<AuditProof | null> {
    const proof = await ctx.loaders.of(ctx, this.proofs).load(event);
    return proof ? toProof(proof) : null;
  }

  @FieldResolver(() => AuditReceipt, { description: 'What the log promises of it.' })
  async receipt(@Ctx() ctx: Context, @Root() { event }: AuditEventType): Promise<AuditReceipt> {
    return toReceipt((await ctx.loaders.of(ctx, this.receipts).load(event))!);
  }

  private toCheckpoint(head: WitnessedHead, witnessed: WitnessedHead | undefined): AuditCheckpoint {
    const newest = this.described(head);
    newest.witnessed = witnessed ? this.described(witnessed) : null;
    // The newest witnessed one of the witnessed one is itself.
    if (newest.witnessed) newest.witnessed.witnessed = newest.witnessed;
    return newest;
  }

  private described({ origin, size, root, note, recordedAt, epoch, cosignatures, witnessedAt }: WitnessedHead): AuditCheckpoint {
    return { origin, size, root: base64(root), note, recordedAt, verifierKey: this.log.verifierKey(epoch), witnesses: cosignatures, witnessedAt: witnessedAt ?? null, witnessed: null };
  }
}

/** The id of its subject and actor are those of rows, as in the leaf. */
function toEvent({ id: event, type, leaf, recorded_at, index }: EventRow): AuditEventType {
  const text = leaf.toString('utf8');
  const { actor, id: subjectId } = JSON.parse(text) as { actor: string; id: string };
  return Object.assign(new AuditEventType(), { id: encodeGlobalId({ type: 'AuditEvent', id: event }), event, type, recordedAt: recorded_at, actorId: actor, subjectId, leaf: text, leafIndex: index === null ? null : Number(index) });
}

/** How `node(id)` finds events. */
export const evidenceNodeLoaders: Readonly<Record<'AuditEvent', NodeLoader>> = {
  AuditEvent: async (ctx, { id }) => {
    demand(ctx, 'audit:read');
    const row = await findEvent(ctx.db, id);
    return row && toEvent(row);
  },
};
