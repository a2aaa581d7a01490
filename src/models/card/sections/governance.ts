import { heading, table, text, type Block, type Cell, type Section } from '../content.js';
import type { GovernanceFacts } from '../source.js';
import { named } from '../texts/names.en.js';
import { dayText, timeText, type View } from '../view.js';

/** Who made it, who voted on which dossier, what stood in the way, and when it was live. */
export function governanceSection({ t, governance, digest, showsGroups }: View): Section {
  const { governance: g } = t;
  if (!governance) return { id: 'governance', title: g.title, blocks: [text(t.notRegistered)] };
  return {
    id: 'governance',
    title: g.title,
    blocks: [
      ...unfitBlocks(governance, t),
      ...governance.suspensions.flatMap(({ ofModel, since, by, reason }): Block[] => [{ kind: 'notice', text: g.suspended(ofModel ? 'model' : 'version', timeText(since), by) }, { kind: 'quote', text: reason }]),
      ...gateBlocks(governance, showsGroups, t), ...makerBlocks(governance, t), ...voteBlocks(governance, t, digest), ...findingBlocks(governance, t), ...reviewBlocks(governance, t),
      heading(g.steps),
      { kind: 'steps', steps: governance.steps.map(({ act, at, by, reason }) => ({ at, what: t.names.acts[act], who: g.by(by), why: reason ?? undefined })) },
      ...deploymentBlocks(governance, t),
    ],
  };
}

type Words = View['t'];

const GATE_TONES = { PASS: 'good', FAIL: 'bad', WAIVED: 'bad', NOT_APPLICABLE: 'plain' } as const;

function gateBlocks({ gates, waivers }: GovernanceFacts, showsGroups: boolean, { governance: g, names }: Words): Block[] {
  const rows = gates.map((one): Cell[] => {
    const { gate, verdict, measured, threshold, unit, source } = one;
    const from = Object.hasOwn(names.gateSources, source) ? named(names.gateSources, source) : { code: source };
    const found = g.found(one, gate === 'FAIRNESS' && !showsGroups);
    return [names.gates[gate], { mark: names.gateVerdicts[verdict], tone: GATE_TONES[verdict] }, measured, threshold, unit === null ? null : named(names.units, unit), from, found];
  });
  const waived = waivers.map(({ gate, reason, by, secondBy, expiresAt, inForce }): Cell[] => [names.gates[gate], reason, by, secondBy, inForce ? dayText(expiresAt) : { mark: g.lapsed(dayText(expiresAt)), tone: 'bad' }]);
  return [
    heading(g.gates), rows.length === 0 ? text(g.noGates) : table(g.gateHead, rows),
    heading(g.waivers), waived.length === 0 ? text(g.noWaivers) : table(g.waiverHead, waived),
  ];
}

const makerBlocks = ({ makers }: GovernanceFacts, { governance: g, names }: Words): Block[] => [
  heading(g.makers),
  table(g.makerHead, makers.map(({ name, part, at }) => [name, names.parts[part], timeText(at)])),
  text(g.makersNote),
];

function voteBlocks({ votes, missingVotes }: GovernanceFacts, { governance: g, names, joined }: Words, digest: string): Block[] {
  const rows = votes.map(({ by, role, verdict, at, comment, dossierDigest, expired }): Cell[] => [
    by, names.roles[role], { mark: names.verdicts[verdict], tone: verdict === 'FOR' ? 'good' : 'bad' }, timeText(at), comment,
    dossierDigest !== digest ? { mark: g.otherDossier, tone: 'bad' } : expired ? { mark: g.expired, tone: 'bad' } : { code: dossierDigest.slice(0, 16) },
  ]);
  const missing = missingVotes.map(({ role, count }) => g.missingOf(count, names.roles[role]));
  return [heading(g.votes), rows.length === 0 ? text(g.noVotes) : table(g.voteHead, rows), ...(missing.length > 0 ? [{ kind: 'notice' as const, text: g.missing(joined(missing)) }] : [])];
}

function findingBlocks({ findings }: GovernanceFacts, { governance: g, names, details }: Words): Block[] {
  const rows = findings.map(({ severity, title, owner, dueAt, overdue, resolution }): Cell[] => [
    names.severities[severity], title, owner, overdue ? { mark: details.overdue(dayText(dueAt)), tone: 'bad' } : dayText(dueAt), resolution ?? { mark: g.open, tone: 'bad' },
  ]);
  return [heading(g.findings), rows.length === 0 ? text(g.noFindings) : table(g.findingHead, rows)];
}

const REVIEW_TONES = { FIT: 'good', FIT_WITH_CONDITIONS: 'plain', UNFIT: 'bad' } as const;

/** What the last periodic review found, where it found the model unfit. */
function unfitBlocks({ reviews }: GovernanceFacts, { governance: g }: Words): Block[] {
  const last = reviews.at(-1);
  return last?.outcome === 'UNFIT' ? [{ kind: 'notice', text: g.unfit(timeText(last.at), last.by) }, { kind: 'quote', text: last.comment }] : [];
}

function reviewBlocks({ reviews }: GovernanceFacts, { governance: g, names }: Words): Block[] {
  const rows = reviews.map(({ outcome, by, at, comment, nextReviewAt }): Cell[] => [{ mark: names.reviewOutcomes[outcome], tone: REVIEW_TONES[outcome] }, by, timeText(at), comment, dayText(nextReviewAt)]);
  return [heading(g.reviews), rows.length === 0 ? text(g.noReviews) : table(g.reviewHead, rows)];
}

function deploymentBlocks({ deployments }: GovernanceFacts, { governance: g, names, percent }: Words): Block[] {
  const rows = deployments.map(({ role, share, from, to, by, reason }): Cell[] => [`${names.deployments[role]}${share === null ? '' : g.share(percent(share))}`, timeText(from), to === null ? { mark: g.still, tone: 'good' } : timeText(to), by, reason]);
  return [heading(g.deployments), rows.length === 0 ? text(g.noDeployments) : table(g.deploymentHead, rows)];
}
