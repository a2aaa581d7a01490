import { readdirSync, readFileSync, existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const DOCUMENTS = [...readdirSync(ROOT), ...(readdirSync(join(ROOT, 'docs'), { recursive: true }) as string[]).map((path) => join('docs', path))].filter((path) => path.endsWith('.md'));

const textOf = (path: string): string => readFileSync(path, 'utf8').replace(/^```[\s\S]*?^```/gm, '');

/** Links of a document to other files here, or to a heading. */
const linksIn = (text: string): string[] => [...text.replace(/`[^`\n]*`/g, '').matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target!).filter((target) => !/^[a-z]+:/.test(target));

/** As a heading is linked to: small letters, words joined by dashes. */
const anchorsIn = (text: string): string[] => [...text.matchAll(/^#+ (.+)$/gm)].map(([, title]) => title!.toLowerCase().replace(/[^\p{L}\p{N}\s_-]/gu, '').trim().replace(/\s/g, '-'));

function isDead(from: string, target: string): boolean {
  const [path, anchor] = target.split('#') as [string, string | undefined];
  const file = path === '' ? join(ROOT, from) : resolve(ROOT, dirname(from), decodeURI(path));
  return !existsSync(file) || (anchor !== undefined && !anchorsIn(textOf(file)).includes(anchor));
}

describe('the documents', () => {
  it('link to what is there', () => {
    const links = DOCUMENTS.flatMap((from) => linksIn(textOf(join(ROOT, from))).map((target) => ({ from, target })));
    expect(links.length).toBeGreaterThan(20);
    expect(links.filter(({ from, target }) => isDead(from, target))).toEqual([]);
  });

  it('in docs/decisions have each a number of their own', () => {
    const numbers = DOCUMENTS.flatMap((path) => /decisions\/(\d{4})-/.exec(path)?.[1] ?? []);
    expect(new Set(numbers).size).toBe(numbers.length);
  });
});
