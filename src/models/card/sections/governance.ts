import { heading, table, text, type Block, type Cell, type Section } from '../content.js';
import type { GovernanceFacts } from '../source.js';
import { dayText, timeText, type View } from '../view.js';

/** Who made it, who voted on which dossier, what stood in the way, and when it was live. */
export function governanceSection({ t, governance, digest }: View): Section {
  const { governance: g } = t;
  if (!governance) return { id: 'governance', title: g.title, blocks: [text(t.notRegistered)] };
  return {
    id: 'governance',
    title: g.title,
    blocks: [
      ...gateBlocks(governance, t), ...makerBlocks(governance, t), ...voteBlocks(governance, t, digest), ...findingBlocks(governance, t),
      heading(g.steps),
      { kind: 'steps', steps: governance.steps.map(({ act, at, by, reason }) => ({ at, what: t.names.acts[act], who: g.by(by), why: reason ?? undefined })) },
      ...deploymentBlocks(governance, t),
    ],
  };
}

type Words = View['t'];

const GATE_TONES = { PASS: 'good', FAIL: 'bad', WAIVED: 'bad', NOT_APPLICABLE: 'plain' } as const;

function gateBlocks({ gates, waivers = [] }: GovernanceFacts, { governance: g, names }: Words): Block[] {
  const verdict = (of: keyof typeof GATE_TONES): Cell => ({ mark: names.gateVerdicts[of], tone: GATE_TONES[of] });
  return [
    ...(gates ? [heading(g.gates), table(g.gateHead, gates.map((gate): Cell[] => [gate.name, verdict(gate.verdict), gate.measured, gate.threshold, gate.source]))] : []),
    ...(waivers.length > 0 ? [heading(g.waivers), table(g.waiverHead, waivers.map(({ gate, reason, by, secondBy, expiresAt }) => [gate, reason, by, secondBy, dayText(expiresAt)]))] : []),
  ];
}

const makerBlocks = ({ makers }: GovernanceFacts, { governance: g, names }: Words): Block[] => [
  heading(g.makers),
  table(g.makerHead, makers.map(({ name, part, at }) => [name, names.parts[part], timeText(at)])),
  text(g.makersNote),
];

function voteBlocks({ votes, missingVotes }: GovernanceFacts, { governance: g, names, joined }: Words, digest: string): Block[] {
  const rows = votes.map(({ by, role, verdict, at, comment, dossierDigest }): Cell[] => [
    by, names.roles[role], { mark: names.verdicts[verdict], tone: verdict === 'FOR' ? 'good' : 'bad' }, timeText(at), comment,
    dossierDigest === digest ? { code: dossierDigest.slice(0, 16) } : { mark: g.otherDossier, tone: 'bad' },
  ]);
  const missing = missingVotes.map(({ role, count }) => g.missingOf(count, names.roles[role]));
  return [heading(g.votes), rows.length === 0 ? text(g.noVotes) : table(g.voteHead, rows), ...(missing.length > 0 ? [{ kind: 'notice' as const, text: g.missing(joined(missing)) }] : [])];
}

function findingBlocks({ findings = [] }: GovernanceFacts, { governance: g, names }: Words): Block[] {
  const severity = (of: string): string => (Object.hasOwn(names.severities, of) ? names.severities[of as keyof typeof names.severities] : of);
  const rows = findings.map(({ severity: of, title, owner, dueAt, resolution }): Cell[] => [severity(of), title, owner, dayText(dueAt), resolution ?? { mark: g.open, tone: 'bad' }]);
  return rows.length === 0 ? [] : [heading(g.findings), table(g.findingHead, rows)];
}

function deploymentBlocks({ deployments }: GovernanceFacts, { governance: g, names, percent }: Words): Block[] {
  const rows = deployments.map(({ role, share, from, to, by, reason }): Cell[] => [`${names.deployments[role]}${share === undefined ? '' : g.share(percent(share))}`, timeText(from), to === null ? { mark: g.still, tone: 'good' } : timeText(to), by, reason]);
  return [heading(g.deployments), rows.length === 0 ? text(g.noDeployments) : table(g.deploymentHead, rows)];
}
