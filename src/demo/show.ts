import type { Client } from './client.js';
import type { Clients } from './clients.js';
import type { ScoredLoan } from './score.js';

interface PortalView {
  readonly prediction: {
    readonly status: string;
    readonly decision: string;
    readonly grade: string;
    readonly pd: number;
    readonly scorePoints: number;
    readonly reasons: readonly { readonly code: string; readonly text: string }[];
    readonly customer: { readonly displayName: string };
    readonly loan: { readonly externalId: string; readonly product: string; readonly principal: { readonly amount: string; readonly currency: string } };
  };
}

interface AuditorView {
  readonly prediction: {
    readonly createdAt: string;
    readonly pd: number;
    readonly actor: { readonly name: string };
    readonly customer: { readonly displayName: string };
    readonly inputs: readonly { readonly label: string; readonly value: unknown; readonly flags: readonly string[] }[];
    readonly explanation: { readonly method: string; readonly baselineLogit: number; readonly logit: number; readonly residual: number; readonly attributions: readonly { readonly label: string; readonly contribution: number }[] };
    readonly modelVersion: { readonly version: number; readonly model: { readonly name: string }; readonly dossier: { readonly digest: string }; readonly approvals: readonly { readonly by: { readonly name: string }; readonly role: string; readonly at: string }[] };
    readonly deployment: { readonly role: string; readonly validFrom: string; readonly by: { readonly name: string } };
    readonly record: { readonly sha256: string; readonly commitment: string };
    readonly replay: { readonly reproduced: boolean; readonly maxAbsDifference: number };
  };
}

const PORTAL_QUERY = `query Portal($id: ID!) { prediction(id: $id) {
  status decision grade pd scorePoints reasons { code text }
  customer { displayName } loan { externalId product principal { amount currency } }
} }`;

const AUDITOR_QUERY = `query Evidence($id: ID!) { prediction(id: $id) {
  createdAt pd actor { name } customer { displayName } inputs { label value flags }
  explanation { method baselineLogit logit residual attributions { label contribution } }
  modelVersion { version model { name } dossier { digest } approvals { by { name } role at } }
  deployment { role validFrom by { name } } record { sha256 commitment } replay { reproduced maxAbsDifference }
} }`;

/** One prediction, as the portal sees it and as the auditor sees it. Prefers one that was not approved: it has reasons. */
export async function showPrediction({ portal, auditor }: Clients, predictions: readonly ScoredLoan[]): Promise<string> {
  const chosen = predictions.find(({ decision }) => decision === 'DECLINE') ?? predictions[0];
  if (!chosen) return 'No loan was scored.';
  return [...(await portalView(portal, chosen.id)), '', ...(await auditorView(auditor, chosen.id))].join('\n');
}

async function portalView(portal: Client, id: string): Promise<string[]> {
  const { prediction: p } = await portal.query<PortalView>(PORTAL_QUERY, { id });
  const { loan } = p;
  return [
    `What the portal sees of ${p.customer.displayName}, loan ${loan.externalId} (${loan.product}, ${loan.principal.amount} ${loan.principal.currency}):`,
    `  ${p.decision}, grade ${p.grade}, PD about ${(100 * p.pd).toPrecision(2)} %, about ${p.scorePoints} points`,
    ...p.reasons.map(({ code, text }) => `  - ${text}  [${code}]`),
  ];
}

async function auditorView(auditor: Client, id: string): Promise<string[]> {
  const { prediction: p } = await auditor.query<AuditorView>(AUDITOR_QUERY, { id });
  const { explanation: e, modelVersion: v } = p;
  const strongest = [...e.attributions].sort((a, b) => Math.abs(b.contribution) - Math.abs(a.contribution)).slice(0, 5);
  return [
    `What the auditor sees of the same prediction (${p.customer.displayName}):`,
    `  asked for by ${p.actor.name} at ${p.createdAt}; PD ${p.pd}`,
    `  model "${v.model.name}" version ${v.version}, live since ${p.deployment.validFrom} by ${p.deployment.by.name}`,
    `  dossier ${v.dossier.digest.slice(0, 16)}…, approved by ${v.approvals.map(({ by, role }) => `${by.name} (${role})`).join(', ')}`,
    `  ${p.inputs.length} inputs recorded, ${p.inputs.filter(({ flags }) => flags.length > 0).length} of them flagged`,
    `  log-odds ${e.logit.toFixed(4)} = reference ${e.baselineLogit.toFixed(4)} + attributions (residual ${e.residual.toExponential(1)}), ${e.method}:`,
    ...strongest.map(({ label, contribution }) => `    ${contribution >= 0 ? '+' : '−'}${Math.abs(contribution).toFixed(4)}  ${label}`),
    `  record ${p.record.sha256.slice(0, 16)}…, replayed: ${p.replay.reproduced ? 'the same' : 'DIFFERENT'} (largest difference ${p.replay.maxAbsDifference})`,
  ];
}
