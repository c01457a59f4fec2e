/** Letters count from 10 in ISO 6346; multiples of 11 are left out. */
const LETTER_VALUES = new Map(
  [..."ABCDEFGHIJKLMNOPQRSTUVWXYZ"].map((letter, index) => {
    const value = 10 + index;
    return [letter, value + Math.floor((value - 1) / 10)];
  }),
);
const MODULUS = 11;

/** Three letters of the owner, the category (U freight, J detachable equipment, Z trailer), and seven digits. */
const FORM = /^[A-Z]{3}[UJZ]\d{7}$/;

/**
 * A container number as ISO 6346 writes it, whatever spaces, dashes and case it had. Its form is not checked.
 */
export function normalizeContainerNumber(text: string): string {
  return text.replace(/[\s./\u2013-]/g, "").toUpperCase();
}

/** Whether it has the form of a container number, with a right check digit or a wrong one. */
export function isContainerForm(number: string): boolean {
  return FORM.test(number);
}

/** The check digit that belongs to the first ten characters of a number in its form. */
export function checkDigitOf(number: string): number {
  let sum = 0;
  for (let index = 0; index < 10; index++) {
    const character = number[index] ?? "";
    sum += (LETTER_VALUES.get(character) ?? Number(character)) * 2 ** index;
  }
  return (sum % MODULUS) % 10;
}

export function hasRightCheckDigit(number: string): boolean {
  return isContainerForm(number) && Number(number[10]) === checkDigitOf(number);
}
