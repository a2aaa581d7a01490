import { Decimal } from 'decimal.js';
import { badInput } from '../base/index.js';

const PLAIN = /^[+-]?(\d+(\.\d*)?|\.\d+)$/;

const MOST_SHOWN = 40;

/**
 * Canonical text of an exact decimal: no exponent, no leading plus, no superfluous zeros.
 * @param where names the place for the sentence, e.g. `loan.principal`
 * @throws BAD_INPUT for anything but a plain decimal number that fits numeric(20,4) unless other limits are given
 */
export function decimalText(value: string, where: string, { digits = 16, scale = 4 } = {}): string {
  const text = value.trim();
  const shown = text.length > MOST_SHOWN ? `${text.slice(0, MOST_SHOWN)}…` : text;
  if (!PLAIN.test(text)) throw badInput(`${where}: "${shown}" is not a decimal number. Write it like 1234.50.`);
  const decimal = new Decimal(text);
  if (decimal.decimalPlaces() > scale) throw badInput(`${where}: ${shown} has more than ${scale} decimal places.`);
  if (decimal.abs().gte(new Decimal(10).pow(digits))) throw badInput(`${where}: ${shown} has more than ${digits} digits before the point.`);
  return decimal.toFixed();
}
