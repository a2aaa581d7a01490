import { Ctx, FieldResolver, Resolver, Root } from 'type-graphql';
import { GateWaiver, toWaiver, waiversOfVersion, type WaiverRow } from '../../models/index.js';
import type { Context } from '../../platform/index.js';
import { Requires } from '../../security/index.js';
import { PredictionType } from '../history/prediction.types.js';

/** Those that were in force for its version when a prediction was made. */
async function waiversAt(ctx: Context, { row: { version_id: versionId, created_at: at } }: PredictionType): Promise<WaiverRow[]> {
  if (versionId === null) return [];
  return (await ctx.loaders.of(ctx, waiversOfVersion).load(versionId)).filter(({ recordedAt, expiresAt }) => recordedAt <= at && at < expiresAt);
}

/** A prediction shows the exceptions it was made under. */
@Resolver(() => PredictionType)
export class PredictionWaiversResolver {
  @FieldResolver(() => Boolean, { description: 'Whether a gate of its version was waived when it was made.' })
  async underWaiver(@Ctx() ctx: Context, @Root() prediction: PredictionType): Promise<boolean> {
    return (await waiversAt(ctx, prediction)).length > 0;
  }

  @Requires('prediction:detail')
  @FieldResolver(() => [GateWaiver], { description: 'The waivers of gates of its version that were in force when it was made.' })
  async waivers(@Ctx() ctx: Context, @Root() prediction: PredictionType): Promise<GateWaiver[]> {
    return (await waiversAt(ctx, prediction)).map(toWaiver);
  }
}
