import { describe, expect, it } from '@jest/globals';
import { assert, constant, date, option, property, record, string, uniqueArray, uuid } from 'fast-check';
import { byUrgency, isOverdue, MOST_TASKS, TASK_KINDS, TaskKindEnum, type Task } from '../../src/security/index.js';

const task = (id: string, since: string, dueAt: string | null): Task => ({ id, kind: 'VOTE', text: id, subject: null, since: new Date(since), dueAt: dueAt === null ? null : new Date(dueAt) });

const anyDate = date({ min: new Date('2020-01-01'), max: new Date('2030-01-01'), noInvalidDate: true });
const anyTask = record({ id: uuid(), kind: constant('VOTE' as const), text: string(), subject: constant(null), since: anyDate, dueAt: option(anyDate) });

describe('tasks', () => {
  it('come by their date, the most overdue first, then what has none by its age', () => {
    const tasks = [task('young', '2026-01-20', null), task('soon', '2026-01-01', '2026-02-01'), task('old', '2026-01-10', null), task('overdue', '2026-01-02', '2026-01-15'), task('late', '2026-01-01', '2026-03-01')];
    expect(byUrgency(tasks).map(({ id }) => id)).toEqual(['overdue', 'soon', 'late', 'old', 'young']);
  });

  it('are overdue from the moment on at which they are due; never where there is none', () => {
    const dates = ['2026-01-15T11:59:59Z', '2026-01-15T12:00:00Z', '2026-01-15T12:00:01Z', null];
    expect(dates.map((dueAt) => isOverdue(task('x', '2026-01-01', dueAt), new Date('2026-01-15T12:00:00Z')))).toEqual([true, true, false, false]);
  });

  it('are told in the same order whatever order they are found in, the most urgent 200', () => {
    assert(
      property(uniqueArray(anyTask, { selector: ({ id }) => id, maxLength: 300 }), (tasks) => {
        const sorted = byUrgency(tasks);
        expect(byUrgency([...tasks].reverse())).toEqual(sorted);
        expect(sorted).toHaveLength(Math.min(tasks.length, MOST_TASKS));
        const lastTold = sorted.at(-1);
        const left = tasks.filter((one) => !sorted.includes(one));
        for (const one of left) expect(one.dueAt?.getTime() ?? Infinity).toBeGreaterThanOrEqual(lastTold?.dueAt?.getTime() ?? (one.dueAt ? Infinity : 0));
      }),
    );
  });

  it('are of kinds that each say what they ask', () => {
    expect(Object.keys(TaskKindEnum)).toEqual(Object.keys(TASK_KINDS));
    for (const description of Object.values(TASK_KINDS)) expect(description).toMatch(/^[A-Z].+\.$/);
  });
});
