/** A number as its digits and how many of them stand behind the point, so that nothing is lost in binary. */
export type Decimal = { digits: bigint; scale: number };

/** The decimal that is written for a number from 0 to 1e21: 0.1 is exactly 0.1. */
export function decimalOf(value: number): Decimal {
  const [mantissa = "0", exponent = "0"] = String(value).split("e");
  const [whole = "0", fraction = ""] = mantissa.split(".");
  const scale = fraction.length - Number(exponent);
  const digits = BigInt(whole + fraction);
  return scale < 0 ? { digits: digits * 10n ** BigInt(-scale), scale: 0 } : { digits, scale };
}

export function times(one: Decimal, other: Decimal): Decimal {
  return { digits: one.digits * other.digits, scale: one.scale + other.scale };
}

/** More than the digits of any rate. */
const QUOTIENT_DIGITS = 30;

/** `divisor` must not be zero. */
export function dividedBy(value: Decimal, divisor: Decimal): Decimal {
  const more = BigInt(QUOTIENT_DIGITS + divisor.scale);
  return { digits: (value.digits * 10n ** more) / divisor.digits, scale: value.scale + QUOTIENT_DIGITS };
}

/** `1234.5` with two digits behind the point is `1,234.50`; halves are rounded up. */
function formatted(value: Decimal, fractionDigits: number): string {
  const rounded = rescaled(value, fractionDigits)
    .toString()
    .padStart(fractionDigits + 1, "0");
  const whole = rounded.slice(0, rounded.length - fractionDigits).replace(/\B(?=(?:\d{3})+$)/g, ",");
  return fractionDigits === 0 ? whole : `${whole}.${rounded.slice(-fractionDigits)}`;
}

function rescaled({ digits, scale }: Decimal, fractionDigits: number): bigint {
  const less = scale - fractionDigits;
  if (less <= 0) return digits * 10n ** BigInt(-less);
  const unit = 10n ** BigInt(less);
  return (digits + unit / 2n) / unit;
}

/** With so many digits that count, without zeros at the end: `0.00065`, `1.1523`, `17,345`. */
export function significant(value: Decimal, count: number): string {
  if (value.digits === 0n) return "0";
  const wholeDigits = value.digits.toString().length - value.scale;
  const text = formatted(value, Math.max(0, count - wholeDigits));
  return text.includes(".") ? text.replace(/\.?0+$/, "") : text;
}

/**
 * An amount of money with the digits of its currency; more of them if it is worth less than one unit, so that
 * small amounts do not become zero.
 */
export function money(value: Decimal, minorDigits: number): string {
  const isSmall = value.digits > 0n && value.digits < 10n ** BigInt(value.scale);
  const plain = formatted(value, minorDigits);
  return isSmall && minorDigits < 4 && !isExact(value, minorDigits) ? significant(value, 4) : plain;
}

function isExact({ digits, scale }: Decimal, fractionDigits: number): boolean {
  const less = scale - fractionDigits;
  return less <= 0 || digits % 10n ** BigInt(less) === 0n;
}
