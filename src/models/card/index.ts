export { renderCard, type CardFormat } from './card.js';
export { VersionCardResolver } from './card.resolver.js';
export { cardOf, type Card, type CardRequest } from './cards.js';
export { CARD_POLICY } from './html.js';
export { plotsOf } from './plots.js';
export { scorecardTable, type ScorecardTable } from './sections/policy.js';
export type { CardSource, GovernanceFacts } from './source.js';
