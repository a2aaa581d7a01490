import { Field, ID, ObjectType, registerEnumType } from 'type-graphql';
import { isOverdue, TASK_KINDS, type Task as TaskFound, type TaskKind } from './tasks.js';

export const TaskKindEnum = Object.fromEntries(Object.keys(TASK_KINDS).map((name) => [name, name])) as { [Kind in TaskKind]: Kind };

registerEnumType(TaskKindEnum, {
  name: 'TaskKind',
  description: 'What a task asks of you.',
  valuesConfig: Object.fromEntries(Object.entries(TASK_KINDS).map(([kind, description]) => [kind, { description }])),
});

@ObjectType('Task', { description: 'Something that waits for you.', simpleResolvers: true })
export class TaskType {
  @Field(() => ID, { description: 'The same for as long as it waits.' }) id!: string;
  @Field(() => TaskKindEnum, { description: 'What it asks of you.' }) kind!: TaskKind;
  @Field(() => String, { description: 'What to do, in a sentence.' }) text!: string;
  @Field(() => ID, { nullable: true, description: 'What it is about; `node` finds it.' }) subject!: string | null;
  @Field(() => Date, { description: 'Since when it waits.' }) since!: Date;
  @Field(() => Date, { nullable: true, description: 'By when it should be done; null where there is no date.' }) dueAt!: Date | null;
  @Field(() => Boolean, { description: 'Whether that date has passed.' }) overdue!: boolean;
}

export const toTask = (task: TaskFound, now: Date): TaskType => Object.assign(new TaskType(), task, { overdue: isOverdue(task, now) });
