/** One way to call each operation: its document and an input that gets as far as the rules, changing nothing. */
export interface Operation {
  readonly name: string;
  readonly document: string;
  readonly variables: object;
}

export interface Ids {
  readonly customer: string;
  readonly loan: string;
  readonly prediction: string;
  readonly version: string;
  readonly model: string;
  readonly nothing: Readonly<Record<'Customer' | 'Deployment' | 'Finding' | 'LegalHold' | 'Job' | 'Model' | 'ModelVersion' | 'Proposal' | 'RoleGrant' | 'User', string>>;
}

const DIGEST = '0'.repeat(64);

export const operationsOf = (ids: Ids): Operation[] => [
  ...Object.entries(queriesOf(ids)).map(([name, document]) => ({ name, document, variables: {} })),
  ...Object.entries(inputsOf(ids)).map(([name, input]) => {
    const type = `${name[0]!.toUpperCase()}${name.slice(1)}Input`;
    return { name, document: `mutation ($input: ${type}!) { ${name}(input: $input) { __typename } }`, variables: { input } };
  }),
];

const queriesOf = ({ customer, loan, prediction, version, model, nothing }: Ids): Record<string, string> => ({
  auditLogState: '{ auditLogState { signs } }',
  me: '{ me { name } }',
  node: `{ node(id: "${nothing.ModelVersion}") { id } }`,
  users: '{ users(first: 1) { edges { node { id } } } }',
  customer: `{ customer(id: "${customer}") { id } }`,
  customers: '{ customers(first: 1) { edges { node { id } } } }',
  loan: `{ loan(id: "${loan}") { id } }`,
  loans: '{ loans(first: 1) { edges { node { id } } } }',
  prediction: `{ prediction(id: "${prediction}") { id } }`,
  predictions: '{ predictions(first: 1) { edges { node { id } } } }',
  model: `{ model(id: "${model}") { id } }`,
  models: '{ models(first: 1) { edges { node { id } } } }',
  modelVersion: `{ modelVersion(id: "${version}") { id } }`,
  modelVersions: '{ modelVersions(first: 1) { edges { node { id } } } }',
  decisionReviews: '{ decisionReviews(first: 1) { edges { node { id } } } }',
  proposal: `{ proposal(id: "${nothing.Proposal}") { id } }`,
  proposals: '{ proposals(first: 1) { edges { node { id } } } }',
  governancePolicy: '{ governancePolicy { version } }',
  governancePolicies: '{ governancePolicies(first: 1) { edges { node { id } } } }',
  inventory: '{ inventory(first: 1) { edges { node { id } } } }',
  finding: `{ finding(id: "${nothing.Finding}") { id } }`,
  findings: '{ findings(first: 1) { edges { node { id } } } }',
  previewGates: `{ previewGates(versionId: "${nothing.ModelVersion}") { gate } }`,
  auditCheckpoint: '{ auditCheckpoint { size } }',
  consistencyProof: '{ consistencyProof(from: 1, to: 1) { path } }',
  auditEvents: '{ auditEvents(first: 1) { edges { node { id } } } }',
  evidenceExport: `{ evidenceExport(jobId: "${nothing.Job}") { manifestSha256 } }`,
  retentionRules: '{ retentionRules { id } }',
  retentionSummary: '{ retentionSummary { state } }',
  dueForErasure: '{ dueForErasure(first: 1) { edges { node { id } } } }',
  job: `{ job(id: "${nothing.Job}") { id } }`,
});

const inputsOf = ({ prediction: predictionId, nothing: { Customer: customerId, LegalHold: holdId, Deployment: deploymentId, Finding: findingId, Model: modelId, ModelVersion: versionId, Proposal: proposalId, RoleGrant: grantId, User: userId } }: Ids): Record<string, object> => ({
  exportEvidence: { requestId: 'test' },
  grantRole: { userId, role: 'ADMIN', reason: 'test' },
  endRole: { grantId },
  placeLegalHold: { customerId, reason: 'test' },
  liftLegalHold: { holdId, reason: 'test' },
  eraseCustomer: { customerId, basis: 'RETENTION_OVER' },
  changeRetention: { recordKind: 'PREDICTION', regime: 'US_REG_B', products: ['x'], months: 30, source: 'test' },
  createCustomer: { externalId: 'x', effectiveAt: '2999-01-01T00:00:00Z' },
  updateCustomer: { externalId: 'nobody' },
  createLoan: { customerExternalId: 'nobody', externalId: 'x', product: 'x', kind: 'INSTALMENT', currency: 'EUR', principal: '1' },
  updateLoan: { externalId: 'nothing' },
  recordRepayments: { externalId: 'nothing', repayments: [{ periodEnd: '2024-01-31T00:00:00Z', balance: '1' }] },
  recordOutcome: { externalId: 'nothing', defaulted: true },
  importLoans: { rows: [{ customer: { externalId: '' }, loan: { externalId: '', product: 'x', kind: 'INSTALMENT', currency: 'EUR', principal: '1' } }] },
  registerModel: { name: ' ', purpose: 'x', decisionPurpose: 'ORIGINATION', products: ['x'], horizonMonths: 12 },
  registerModelVersion: { modelId: versionId, dossier: '{}' },
  editModelVersion: { versionId, replaces: DIGEST, dossier: '{}' },
  submitModelVersion: { versionId },
  withdrawModelVersion: { versionId, reason: 'test' },
  validateModelVersion: { versionId, verdict: 'FOR', dossierDigest: DIGEST, comment: 'test' },
  approveModelVersion: { versionId, dossierDigest: DIGEST, comment: 'test' },
  rejectModelVersion: { versionId, dossierDigest: DIGEST, comment: 'test' },
  deployModelVersion: { versionId, reason: 'test' },
  endDeployment: { deploymentId, reason: 'test' },
  rollbackModel: { modelId, reason: 'test' },
  retireModelVersion: { versionId, reason: 'test' },
  suspendModel: { modelId, reason: 'test' },
  suspendVersion: { versionId, reason: 'test' },
  resumeModel: { modelId, reason: 'test' },
  resumeVersion: { versionId, reason: 'test' },
  confirmProposal: { proposalId, comment: 'test' },
  declineProposal: { proposalId, comment: 'test' },
  proposeGovernancePolicy: { policy: '{}', reason: 'test' },
  changeTier: { modelId, tier: 'HIGH', reason: 'test' },
  updateModel: { modelId, limits: 'test', reason: 'test' },
  reviewModel: { modelId, outcome: 'FIT', comment: 'test', nextReviewAt: '2020-01-01T00:00:00Z' },
  waiveGate: { versionId, gate: 'CALIBRATION', reason: 'test', expiresAt: '2020-01-01T00:00:00Z' },
  raiseFinding: { modelId, ownerId: userId, severity: 'LOW', title: 'test', text: 'test', evidence: ['test'], dueAt: '2020-01-01T00:00:00Z' },
  reassignFinding: { findingId, ownerId: userId, dueAt: '2020-01-01T00:00:00Z', reason: 'test' },
  resolveFinding: { findingId, outcome: 'REMEDIED', text: 'test', evidence: ['test'] },
  acceptResolution: { findingId, comment: 'test' },
  rejectResolution: { findingId, comment: 'test' },
  overrideDecision: { predictionId, decision: 'APPROVE', reasonCode: 'DATA_ERROR', comment: 'test', expiresAt: '2020-01-01T00:00:00Z' },
  requestReview: { predictionId, grounds: ' ' },
  resolveReview: { reviewId: predictionId, outcome: 'UPHELD', explanation: 'test' },
  recordCounteroffer: { predictionId, offeredAt: '2999-01-01T00:00:00Z', amount: '1' },
  recordCounterofferAccepted: { predictionId, acceptedAt: '2999-01-01T00:00:00Z' },
  recordNoticeSent: { predictionId, sentAt: '2999-01-01T00:00:00Z', channel: 'POST' },
  scoreLoan: { externalId: 'nothing', purpose: 'ORIGINATION' },
  simulateLoan: { externalId: 'nothing', purpose: 'ORIGINATION', changes: [{ path: 'loan.principal', value: 1 }] },
  scoreLoans: { loans: ['nothing'], purpose: 'ORIGINATION', requestId: 'matrix' },
});
