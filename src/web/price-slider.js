// @ts-check
import { element } from './dom.js';
import { shownPrice } from './scalar.js';
import { priceOf } from './state.js';

/** @typedef {import('./wire.js').Facet} Facet */
/** @typedef {{ min: number | undefined, max: number | undefined }} Bounds */

/** Most steps of the slider; fewer where they would be less than 1. */
const MAX_STEPS = 100;
/** From this ratio of highest to lowest on, each step is a share of the price instead of an amount. */
const WIDE = 20;

/** Lowest and highest price: two thumbs over the prices that there are, and two numbers to type. */
export class PriceSlider {
  /** @param {(min: number | undefined, max: number | undefined) => void} onSet */
  constructor(onSet) {
    this.onSet = onSet;
    this.low = 0;
    this.high = 0;
    this.steps = MAX_STEPS;
    this.lowest = thumb('Lowest price');
    this.highest = thumb('Highest price');
    this.min = field('min', 'Lowest price, typed', 'min');
    this.max = field('max', 'Highest price, typed', 'max');
    this.fill = element('span', 'slider-fill');
    this.slider = element('div', 'slider', this.fill, this.lowest, this.highest);
    const numbers = element('div', 'price-numbers', this.min, element('span', '', 'to'), this.max);
    const body = element('div', 'facet-body', this.slider, numbers);
    this.root = element('details', 'facet', element('summary', '', 'Price'), body);
    this.root.open = true;
    this.root.hidden = true;
    this.root.dataset.field = 'price';
    for (const range of [this.lowest, this.highest]) {
      range.addEventListener('input', () => this.slide(range));
      range.addEventListener('change', () => this.set(this.min.value, this.max.value));
    }
    /** @type {Set<HTMLInputElement>} Fields that the shopper is typing in: an answer that comes meanwhile leaves them. */
    this.typing = new Set();
    for (const input of [this.min, this.max]) {
      input.addEventListener('input', () => {
        this.typing.add(input);
        this.mark();
      });
      input.addEventListener('blur', () => this.typing.delete(input));
      input.addEventListener('change', () => {
        this.typing.delete(input);
        this.set(this.min.value, this.max.value);
      });
    }
  }

  /** @param {Facet | undefined} facet @param {Bounds} chosen */
  show(facet, { min, max }) {
    this.low = Math.floor(facet?.min ?? min ?? 0);
    this.high = Math.ceil(facet?.max ?? max ?? this.low);
    const isOn = min !== undefined || max !== undefined;
    this.root.hidden = !isOn && (facet?.min === undefined || this.low === this.high);
    this.slider.hidden = this.low === this.high;
    this.min.placeholder = String(this.low);
    this.max.placeholder = String(this.high);
    if (!this.typing.has(this.min)) setNumber(this.min, min);
    if (!this.typing.has(this.max)) setNumber(this.max, max);
    this.steps = Math.max(1, Math.min(MAX_STEPS, this.high - this.low));
    for (const range of [this.lowest, this.highest]) range.max = String(this.steps);
    this.place(this.lowest, min, 0);
    this.place(this.highest, max, this.steps);
    this.mark();
  }

  /**
   * Several steps may be one price: a thumb that means it stays, so that it can be moved on.
   *
   * @param {HTMLInputElement} range
   * @param {number | undefined} price
   * @param {number} end where it is without one
   */
  place(range, price, end) {
    if (price !== undefined && this.priceAt(range) === String(price)) return;
    range.value = String(price === undefined ? end : this.stepOf(price));
  }

  /** @param {HTMLInputElement} moved */
  slide(moved) {
    const [from, to] = [Number(this.lowest.value), Number(this.highest.value)];
    // A thumb pushes no further than to the other.
    if (from > to) moved.value = String(moved === this.lowest ? to : from);
    this.min.value = Number(this.lowest.value) === 0 ? '' : this.priceAt(this.lowest);
    this.max.value = Number(this.highest.value) === this.steps ? '' : this.priceAt(this.highest);
    this.mark();
  }

  /** @param {string} min @param {string} max */
  set(min, max) {
    this.onSet(priceOf(min), priceOf(max));
  }

  /** Shows where the thumbs are, and that a lowest price above the highest finds nothing. */
  mark() {
    const [min, max] = [priceOf(this.min.value), priceOf(this.max.value)];
    const crossed = min !== undefined && max !== undefined && min > max;
    for (const input of [this.min, this.max]) input.setAttribute('aria-invalid', String(crossed));
    this.lowest.setAttribute('aria-valuetext', shownPrice(min ?? this.low));
    this.highest.setAttribute('aria-valuetext', shownPrice(max ?? this.high));
    this.fill.style.left = `${(Number(this.lowest.value) / this.steps) * 100}%`;
    this.fill.style.right = `${(1 - Number(this.highest.value) / this.steps) * 100}%`;
  }

  /** @param {HTMLInputElement} range @returns {string} */
  priceAt(range) {
    const part = Number(range.value) / this.steps;
    const price = this.isWide()
      ? this.low * (this.high / this.low) ** part
      : this.low + (this.high - this.low) * part;
    return String(Math.round(price));
  }

  /** @param {number} price @returns {number} */
  stepOf(price) {
    const { low, high } = this;
    if (high === low) return 0;
    const within = Math.min(high, Math.max(low, price));
    const part = this.isWide()
      ? Math.log(within / low) / Math.log(high / low)
      : (within - low) / (high - low);
    return Math.round(part * this.steps);
  }

  isWide() {
    return this.low >= 1 && this.high / this.low >= WIDE;
  }
}

/** @param {string} label @returns {HTMLInputElement} */
function thumb(label) {
  const input = element('input', 'thumb');
  input.type = 'range';
  input.min = '0';
  input.setAttribute('aria-label', label);
  return input;
}

/** @param {string} id @param {string} label @param {string} placeholder @returns {HTMLInputElement} */
function field(id, label, placeholder) {
  const input = element('input', 'price-number');
  input.id = id;
  input.type = 'number';
  input.min = '0';
  input.step = 'any';
  input.inputMode = 'decimal';
  input.placeholder = placeholder;
  input.setAttribute('aria-label', label);
  return input;
}

/** A field that already means the same is left alone. @param {HTMLInputElement} input @param {number | undefined} price */
function setNumber(input, price) {
  if (priceOf(input.value) !== price) input.value = price === undefined ? '' : String(price);
}
