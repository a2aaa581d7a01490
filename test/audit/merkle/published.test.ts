import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { leafHash, nodeHash, rootOfHashes, verifyConsistency, verifyInclusion, EMPTY_ROOT } from '../../../src/audit/merkle/index.js';

const VECTORS = fileURLToPath(new URL('../../../../../shared/vectors/merkle', import.meta.url));

interface InclusionCase { readonly leafIdx: number; readonly treeSize: number; readonly root: string; readonly leafHash: string; readonly proof: readonly string[] | null; readonly desc: string; readonly wantErr: boolean }
interface ConsistencyCase { readonly size1: number; readonly size2: number; readonly root1: string; readonly root2: string; readonly proof: readonly string[] | null; readonly desc: string; readonly wantErr: boolean }

const bytes = (text: string): Buffer => Buffer.from(text, 'base64');

function casesOf<Case>(kind: string): [string, Case][] {
  const files = readdirSync(join(VECTORS, kind), { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.json')).sort();
  return files.map((name) => [name, JSON.parse(readFileSync(join(VECTORS, kind, name), 'utf8')) as Case]);
}

(existsSync(VECTORS) ? describe : describe.skip)('published proofs, good and bad', () => {
  it('of inclusion: 98 verify or fail as published', () => {
    const cases = casesOf<InclusionCase>('inclusion');
    const verdicts = cases.map(([name, { leafIdx, treeSize, root, leafHash: leaf, proof }]) => [name, !verifyInclusion({ index: leafIdx, size: treeSize, leaf: bytes(leaf), path: (proof ?? []).map(bytes), root: bytes(root) })]);
    expect(verdicts).toEqual(cases.map(([name, { wantErr }]) => [name, wantErr]));
    expect(cases).toHaveLength(98);
  });

  it('of consistency: 98 verify or fail as published', () => {
    const cases = casesOf<ConsistencyCase>('consistency');
    const verdicts = cases.map(([name, { size1, size2, root1, root2, proof }]) => [name, !verifyConsistency({ from: size1, to: size2, fromRoot: bytes(root1), toRoot: bytes(root2), path: (proof ?? []).map(bytes) })]);
    expect(verdicts).toEqual(cases.map(([name, { wantErr }]) => [name, wantErr]));
    expect(cases).toHaveLength(98);
  });
});

const hex = (hash: Buffer): string => hash.toString('hex');

describe('hashes of RFC 9162', () => {

  it('of nothing, of one entry and of two', () => {
    expect(hex(EMPTY_ROOT)).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
    expect(hex(leafHash(Buffer.alloc(0)))).toBe('6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d');
    expect(hex(nodeHash(leafHash(Buffer.alloc(0)), leafHash(Buffer.from([0]))))).toBe('fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125');
  });

  // The roots of the reference implementation's eight entries, published with the vectors above.
  it('of the eight entries of the reference tree', () => {
    const entries = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f'].map((text) => Buffer.from(text, 'hex'));
    const roots = entries.map((_, index) => hex(rootOfHashes(entries.slice(0, index + 1).map(leafHash))));
    expect(roots).toEqual([
      '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d', 'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
      'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77', 'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
      '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4', '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
      'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c', '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
    ]);
  });
});
