import { Ctx, FieldResolver, Resolver, Root } from 'type-graphql';
import { afresh, canonicalJson, mapStream, StreamedSubscription, type Context, type LoaderDefinition, type NoticeHub } from './platform/index.js';
import { byUrgency, Me, Requires, TaskType, toTask, type Task, type TaskSource } from './security/index.js';

/** What waits for whoever asks; each room says what it has for them. */
@Resolver(() => Me)
export class TasksResolver {
  /** Asked once for a request, under however many aliases. */
  private readonly waiting: LoaderDefinition<string, Task[]>;

  constructor(
    private readonly hub: Pick<NoticeHub<unknown>, 'beats'>,
    sources: readonly TaskSource[],
  ) {
    this.waiting = {
      load: async (ctx) => [byUrgency((await Promise.all(sources.map((source) => source(ctx)))).flat())],
    };
  }

  @FieldResolver(() => [TaskType], { description: 'What waits for you, the most urgent first; at most 200.' })
  async tasks(@Ctx() ctx: Context): Promise<TaskType[]> {
    const tasks = await ctx.loaders.of(ctx, this.waiting).load(ctx.actor.id);
    return tasks.map((task) => toTask(task, ctx.now()));
  }

  @Requires('self:read')
  @StreamedSubscription(() => [TaskType], {
    description: 'What waits for you: the whole list at once, and again whenever it has changed.',
    open: (resolver: TasksResolver, ctx) => resolver.changes(ctx),
  })
  tasksChanged(@Root() tasks: TaskType[]): TaskType[] {
    return tasks;
  }

  /** The list whenever it is another than the last that was told. */
  private changes(ctx: Context): AsyncIterable<TaskType[]> {
    let told: string | undefined;
    return mapStream(this.hub.beats(), async () => {
      const tasks = await this.tasks(afresh(ctx));
      const text = canonicalJson(tasks.map((task) => ({ ...task, since: task.since.toISOString(), dueAt: task.dueAt?.toISOString() ?? null })));
      if (text === told) return undefined;
      told = text;
      return tasks;
    });
  }
}
