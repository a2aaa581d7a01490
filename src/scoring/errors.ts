import { AssayError } from '../base/index.js';

/** An input that no score may be made from; `feature` names the culprit so that a form can point at it. */
export class InputRefused extends AssayError {
  constructor(
    readonly feature: string,
    message: string,
  ) {
    super('BAD_INPUT', message);
    this.name = 'InputRefused';
  }
}
