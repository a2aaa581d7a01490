import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { adoptOnnx, checkSourceParity, parseFeatureSchema, parseSourceSample, type AdoptOptions, type FeatureSchema, type SourceSample } from '../../src/scoring/index.js';

const FOLDER = new URL('../../../test/fixtures/models/', import.meta.url);
const fileOf = (name: string): Uint8Array => new Uint8Array(readFileSync(new URL(name, FOLDER)));
const jsonOf = (name: string): unknown => JSON.parse(readFileSync(new URL(name, FOLDER), 'utf8'));

interface Fixture {
  readonly onnx: Uint8Array;
  readonly schema: FeatureSchema;
  readonly sample: SourceSample;
}

const fixture = (name: string): Fixture => ({
  onnx: fileOf(`${name}.onnx`),
  schema: parseFeatureSchema(jsonOf(`${name}.features.json`)),
  sample: parseSourceSample(jsonOf(`${name}.sample.json`)),
});

const MODELS: [string, Partial<AdoptOptions>][] = [
  ['pytorch-logit', {}],
  ['pytorch-sigmoid', {}],
  ['pytorch-softmax', {}],
  ['xgboost-classifier', {}],
  ['xgboost-margin', { outputIs: 'logit' }],
  ['sklearn-forest', {}],
  ['sklearn-boosting', {}],
  ['sklearn-logistic', {}],
];

const adopted = (name: string, options: Partial<AdoptOptions> = {}) => {
  const { onnx, schema, sample } = fixture(name);
  return { ...adoptOnnx(onnx, { width: schema.width, ...options }), schema, sample };
};

describe.each(MODELS)('a model made by %s', (name, options) => {
  it('gives the probabilities of its library within 1e-5 on every row, extremes included', async () => {
    const { onnx, schema, sample } = adopted(name, options);
    const report = await checkSourceParity(onnx, schema, sample);
    expect(report).toMatchObject({ rows: 240, bar: 1e-5, passed: true });
  });
});
