import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { sha256 } from '../../src/platform/index.js';
import { openTestApp, type TestApp } from '../support/app.js';
import type { TestClient, ToldError } from '../support/client.js';
import { registerSmallModel, registerSmallVersion } from '../support/small-version.js';

interface Version {
  readonly id: string;
  readonly dossier: { readonly digest: string };
  readonly artefacts: readonly { readonly kind: string; readonly sha256: string }[];
}

const VERSIONS = '{ modelVersions(first: 1) { edges { node { id dossier { digest } artefacts { kind sha256 } } } } }';

async function artefactsOf(client: TestClient, id: string): Promise<{ referenceSet: string }> {
  const { modelVersion } = await client.ok<{ modelVersion: { dossier: { canonical: string } } }>('query ($id: ID!) { modelVersion(id: $id) { dossier { canonical } } }', { id });
  return (JSON.parse(modelVersion.dossier.canonical) as { artefacts: { referenceSet: string } }).artefacts;
}

async function refusal(response: Response): Promise<[number, string, string]> {
  const { errors } = (await response.json()) as { errors: [ToldError] };
  return [response.status, errors[0].extensions.code, errors[0].message];
}

const dossierWith = (fields: string): string => `query ($id: ID!) { modelVersion(id: $id) { dossier { ${fields} } } }`;

const get = (client: TestClient, sha: string): Promise<Response> => client.send(`/artifacts/${sha}`);

const absent = (sha: string): unknown => [404, 'NOT_FOUND', `There is no artefact ${sha} of any version here.`];

describe('what can be downloaded of a version', () => {
  let app: TestApp;
  let auditor: TestClient;
  let version: Version;
  const digestOf = (kind: string): string => version.artefacts.find((one) => one.kind === kind)!.sha256;
  beforeAll(async () => {
    app = await openTestApp();
    auditor = await app.as('auditor');
    version = (await auditor.ok<{ modelVersions: { edges: { node: Version }[] } }>(VERSIONS)).modelVersions.edges[0]!.node;
  });
  afterAll(() => app.close());

  describe('GET /model-cards/{id}', () => {
    it.each([
      ['', 'text/html; charset=utf-8', /^model-card-pd-.*-v1\.en\.html$/, /^<!doctype html>\n<html lang="en">/],
      ['?language=zh&format=html', 'text/html; charset=utf-8', /-v1\.zh\.html$/, /<html lang="zh-Hans">[^]*<svg [^]*模型概况/],
      ['?language=zh&format=md', 'text/markdown; charset=utf-8', /-v1\.zh\.md$/, /## 按人群的定量分析/],
    ])('%s is the card, to be saved, and may do nothing where it is opened', async (query, type, name, content) => {
      const response = await auditor.send(`/model-cards/${version.id}${query}`);
      const { headers } = response;
      expect([response.status, headers.get('content-type'), headers.get('x-content-type-options'), headers.get('cache-control')]).toEqual([200, type, 'nosniff', 'no-store']);
      expect(headers.get('content-security-policy')).toBe("default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox");
      expect(/^attachment; filename="(.*)"$/.exec(headers.get('content-disposition')!)![1]).toMatch(name);
      expect(content.test(await response.text())).toBe(true);
    });

    it.each([
      ['a language that is none', '?language=de', [400, 'BAD_INPUT', 'language=de: give en or zh.']],
      ['a format that is none', '?format=pdf', [400, 'BAD_INPUT', 'format=pdf: give md or html.']],
    ])('refuses %s', async (_, query, told) => {
      expect(await refusal(await auditor.send(`/model-cards/${version.id}${query}`))).toEqual(told);
    });

    it('refuses what is no version, and who may not read models', async () => {
      expect(await refusal(await auditor.send('/model-cards/nothing'))).toEqual([400, 'BAD_INPUT', expect.stringContaining('is not an id of this API')]);
      const unknown = Buffer.from('ModelVersion:0182a1e4-0000-7000-8000-000000000000').toString('base64url');
      expect(await refusal(await auditor.send(`/model-cards/${unknown}`))).toEqual([404, 'NOT_FOUND', 'There is no such model version.']);
      expect((await refusal(await (await app.as('portal')).send(`/model-cards/${version.id}`))).slice(0, 2)).toEqual([403, 'FORBIDDEN']);
      expect((await refusal(await app.anonymous().send(`/model-cards/${version.id}`)))[0]).toBe(401);
    });

    it('is what GraphQL gives, and tells an underwriter nothing of groups', async () => {
      const CARD = 'query ($id: ID!) { modelVersion(id: $id) { card(language: ZH) } }';
      const { modelVersion } = await auditor.ok<{ modelVersion: { card: string } }>(CARD, { id: version.id });
      expect(modelVersion.card).toBe(await (await auditor.send(`/model-cards/${version.id}?language=zh&format=md`)).text());
      expect(modelVersion.card).toMatch(/ageBand|female/);
      const underwriter = await app.as('underwriter');
      const { modelVersion: { card } } = await underwriter.ok<{ modelVersion: { card: string } }>(CARD, { id: version.id });
      expect(/ageBand|female/.exec(card)).toBeNull();
      expect(card).toContain('model:fairness');
    });
  });

  describe('the dossier over GraphQL', () => {
    it('tells of fairness, and of how explanations add up', async () => {
      const { modelVersion: { dossier } } = await auditor.ok<{ modelVersion: { dossier: { canonical: string } } }>(dossierWith('canonical fairness { leastRatio attributes { attribute groups skipped lowestRatio } } explanation { method rows residual95 }'), { id: version.id });
      const { fairness, explanation } = JSON.parse(dossier.canonical) as { fairness: { attributes: { attribute: string }[] }; explanation: object };
      expect(dossier).toMatchObject({ fairness, explanation });
      expect(fairness.attributes.map(({ attribute }) => attribute)).toEqual(['ageBand', 'sex']);
    });

    it.each(['canonical', 'fairness { leastRatio }'])('keeps %s to those who may see how groups fare', async (field) => {
      const { extensions, message } = await (await app.as('underwriter')).refusal(dossierWith(field), { id: version.id });
      expect([extensions.code, message]).toEqual(['FORBIDDEN', expect.stringContaining('model:fairness')]);
      await (await app.as('owner')).ok(dossierWith(field), { id: version.id });
    });
  });

  describe('GET /artifacts/{sha256}', () => {
    it('gives the bytes that have this digest', async () => {
      for (const { sha256: name } of version.artefacts) {
        const response = await get(auditor, name);
        expect([response.status, response.headers.get('content-type'), response.headers.get('cache-control')]).toEqual([200, 'application/octet-stream', 'no-store']);
        expect(sha256(new Uint8Array(await response.arrayBuffer())).toString('hex')).toBe(name);
      }
    });

    it.each([
      ['REFERENCE_SET', 'prediction:detail'],
      ['PARITY_SAMPLE', 'prediction:detail'],
      ['REPORT', 'model:fairness'],
    ])('keeps the %s, which tells of applicants or groups, to holders of %s', async (kind, permission) => {
      const underwriter = await app.as('underwriter');
      expect(await refusal(await get(underwriter, digestOf(kind)))).toEqual([403, 'FORBIDDEN', expect.stringContaining(permission)]);
      expect((await get(underwriter, digestOf('ONNX'))).status).toBe(200);
    });

    it('gives its maker what they uploaded, and another model owner no feature values of applicants', async () => {
      expect((await get(await app.as('owner'), digestOf('PARITY_SAMPLE'))).status).toBe(200);
      const other = await app.as({ subject: 'otis', name: 'Otis', roles: ['MODEL_OWNER'] });
      expect((await refusal(await get(other, digestOf('PARITY_SAMPLE'))))[2]).toContain('prediction:detail');
      expect((await get(other, digestOf('REPORT'))).status).toBe(200);
    });

    it('asks for what each of its kinds asks, where versions name it as several', async () => {
      const artefacts = await artefactsOf(auditor, (await registerSmallVersion(app, await registerSmallModel(app, 'plain'))).versionId);
      const { referenceSet } = artefacts;
      await registerSmallVersion(app, await registerSmallModel(app, 'disguised'), {}, { artefacts: { ...artefacts, report: referenceSet } });
      const other = await app.as({ subject: 'otis', name: 'Otis', roles: ['MODEL_OWNER'] });
      expect((await refusal(await get(other, referenceSet)))[2]).toContain('prediction:detail');
    });

    it('gives what no version names to its uploader alone; for others it is not there', async () => {
      const bytes = Buffer.from('bytes that nobody has registered');
      const name = sha256(bytes).toString('hex');
      const owner = await app.as('owner');
      await owner.send(`/artifacts/${name}`, { method: 'PUT', body: bytes });
      expect(await (await get(owner, name)).text()).toBe(bytes.toString());
      const unknown = 'cd'.repeat(32);
      expect(await refusal(await get(auditor, name))).toEqual(absent(name));
      expect(await refusal(await get(auditor, unknown))).toEqual(absent(unknown));
    });
  });
});
