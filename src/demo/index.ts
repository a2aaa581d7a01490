export { runDemo, type DemoOptions, type DemoResult, type RunningDemo } from './demo.js';
export { generateSyntheticBook, type SyntheticBook } from './synthetic.js';
export { PEOPLE, type PersonName } from './people.js';
