import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { knowsLocale, LocalNumbers } from '../../src/catalogue-files/local-numbers.js';

/** Amount and currency, or nothing. */
function priceOf(locale: string, text: string): unknown {
  const price = new LocalNumbers(locale).priceOf(text);
  return price === undefined ? undefined : [price.amount, price.currency];
}

describe('prices', () => {
  it.each([
    ['en', '12.50 EUR', 12.5, 'EUR'],
    ['en', '12.50eur', 12.5, 'EUR'],
    ['en', '$1,234.50', 1234.5, 'USD'],
    ['en', 'US$ 5', 5, 'USD'],
    ['en', '£12', 12, 'GBP'],
    ['en', '1,234', 1234, undefined],
    ['en', '-.5e1', -5, undefined],
    ['en', '5 kr', 5, undefined],
    ['en-CA', '$5', 5, 'CAD'],
    ['en-IN', '₹12,34,567.5', 1_234_567.5, 'INR'],
    ['de', '1.234,56 €', 1234.56, 'EUR'],
    ['de', '€ 12,5', 12.5, 'EUR'],
    ['de', '1.234', 1234, undefined],
    ['fr', '1\u202f234,56 €', 1234.56, 'EUR'],
    ['fr', '1 234,56', 1234.56, undefined],
    ['de-CH', "CHF 1'234.50", 1234.5, 'CHF'],
    ['pl', '12,50 zł', 12.5, 'PLN'],
  ])('%s reads %s', (locale, text, amount, currency) => {
    expect(priceOf(locale, text)).toEqual([amount, currency]);
  });

  it.each([
    ['en', '12,50'],
    ['en', '1,2,3'],
    ['en', '1.234,56 €'],
    ['en', '0x10'],
    ['en', '1e999'],
    ['en', 'EUR 5 EUR'],
    ['en', '5 pieces'],
    ['en', ''],
    ['en', 'EUR'],
    ['en', '5-9'],
    ['de', '12.50'],
    ['de', '1,234.56'],
    ['fr', '1.5'],
  ])('%s does not guess at %j', (locale, text) => {
    expect(priceOf(locale, text)).toBeUndefined();
  });

  it('reads what the language writes, with any currency', () => {
    const locales = fc.constantFrom('en', 'de', 'fr', 'de-CH', 'pt-BR', 'sv', 'en-IN', 'es', 'ja');
    const currencies = fc.constantFrom('EUR', 'USD', 'GBP', 'JPY', 'SEK', 'CHF', 'BRL', 'PLN');
    const cents = fc.integer({ min: 0, max: 999_999_999_999 });
    const property = fc.property(locales, currencies, cents, (locale, currency, cent) => {
      const amount = cent / 100;
      const fraction = { minimumFractionDigits: 2, maximumFractionDigits: 2 };
      const text = new Intl.NumberFormat(locale, {
        style: 'currency',
        currency,
        ...fraction,
      }).format(amount);
      expect([text, priceOf(locale, text)]).toEqual([text, [amount, currency]]);
    });
    fc.assert(property, { numRuns: 50 });
  });

  it('is done with a long text soon', () => {
    expect(priceOf('en', `${' '.repeat(1_000_000)}x`)).toBeUndefined();
    expect(priceOf('en', `${'1'.repeat(1_000_000)}x`)).toBeUndefined();
  });
});

it('knows which languages there are', () => {
  expect(['en', 'de-AT', 'pt-BR'].map(knowsLocale)).toEqual([true, true, true]);
  expect(['xx', '!', ''].map(knowsLocale)).toEqual([false, false, false]);
});
