// Personal data: how long it is kept, what holds it, how it is destroyed.
export { eraseCustomerKind } from './erasure.kind.js';
export { Erasures } from './erasures.js';
export { HoldService } from './hold.service.js';
export { CustomerRetentionResolver, PrivacyResolver, RetentionResolver } from './privacy.resolver.js';
export { CHANGE_RETENTION } from './retention.kind.js';
