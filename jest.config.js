// Tests run the compiled JavaScript: what is tested is what ships, and one compiler emits the decorator metadata.
export default {
  rootDir: 'dist/test',
  testMatch: ['**/*.test.js'],
  transform: {},
  testEnvironment: './support/environment.js',
  globalSetup: './support/global-setup.js',
  globalTeardown: './support/global-teardown.js',
  testSequencer: '<rootDir>/support/sequencer.js',
  maxWorkers: 2,
  testTimeout: 60_000,
};
