import { Field, ID, ObjectType, registerEnumType } from 'type-graphql';
import { LIFECYCLE_EVENTS, type LifecycleEventType } from '../audit/index.js';

/** What is told of the life of models, or that it is told from now on. */
export type LifecycleEventName = LifecycleEventType | 'LISTENING';

const DESCRIPTIONS: Readonly<Record<LifecycleEventName, string>> = {
  ...LIFECYCLE_EVENTS,
  LISTENING: 'From now on everything is told; what happened before is not. Comes first, and again where the server heard nothing for a while: read anew what you show.',
};

export const LifecycleEventEnum = Object.fromEntries(Object.keys(DESCRIPTIONS).map((name) => [name, name])) as { [Name in LifecycleEventName]: Name };

registerEnumType(LifecycleEventEnum, {
  name: 'LifecycleEvent',
  description: 'A step in the life of a model or one of its versions.',
  valuesConfig: Object.fromEntries(Object.entries(DESCRIPTIONS).map(([name, description]) => [name, { description }])),
});

@ObjectType({ description: 'Something that happened to a model. What it points to is shown as it is when the change is told.', simpleResolvers: true })
export class LifecycleChange {
  @Field(() => ID, { nullable: true, description: 'Of the event itself; no event is told twice to a subscriber. Null for LISTENING, which is none.' }) id!: string | null;
  @Field(() => LifecycleEventEnum, { description: 'What happened.' }) event!: LifecycleEventName;
  @Field(() => Date, { description: 'When.' }) at!: Date;
  actorId!: string | undefined;
  modelId!: string | undefined;
  versionId!: string | undefined;
  deploymentId!: string | undefined;
}
