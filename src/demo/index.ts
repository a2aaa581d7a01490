export { runDemo, type DemoOptions, type DemoResult, type RunningDemo } from './demo.js';
export { generateSyntheticBook, type SyntheticBook } from './synthetic.js';
export { PEOPLE, type PersonName } from './people.js';
export { openBook, type Book } from './book.js';
export { buildDeployedVersion, type VersionPlan } from './build-version.js';
export { clientsAt, tokensOf, type Clients, type Tokens } from './clients.js';
export { grantRoles, readVersion, type DeployedVersion } from './governance.js';
export { importDemoBook } from './import.js';
export { Client } from './client.js';
