// @ts-check

/**
 * Keys of the page: `/` to the search box, arrows through the results, Escape clears.
 *
 * @param {{ box: HTMLInputElement, grid: HTMLElement, onClear: () => void }} parts
 */
export function bindKeyboard({ box, grid, onClear }) {
  document.addEventListener('keydown', (event) => {
    if (event.defaultPrevented || event.isComposing) return;
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (document.querySelector('dialog[open]') !== null) return;
    if (handle(event)) event.preventDefault();
  });

  /** @param {KeyboardEvent} event @returns {boolean} whether the key was for us */
  function handle({ key, target }) {
    const typing =
      target instanceof HTMLInputElement && target.type !== 'checkbox' && target.type !== 'range';
    if (key === '/' && !typing) {
      box.focus();
      box.select();
      return true;
    }
    if (key === 'Escape' && (target === box || !typing)) {
      onClear();
      box.focus();
      return true;
    }
    const cards = cardsOf(grid);
    if (target === box) return key === 'ArrowDown' && focusCard(cards, 0);
    const at = cards.findIndex((card) => card === target);
    return at >= 0 && moveFrom(cards, at, key);
  }

  /** @param {HTMLElement[]} cards @param {number} at @param {string} key @returns {boolean} */
  function moveFrom(cards, at, key) {
    switch (key) {
      case 'ArrowRight':
        return focusCard(cards, at + 1);
      case 'ArrowLeft':
        return focusCard(cards, at - 1);
      case 'ArrowDown':
        return focusCard(cards, at + columnsOf(cards));
      case 'ArrowUp':
        if (at >= columnsOf(cards)) return focusCard(cards, at - columnsOf(cards));
        box.focus();
        return true;
      case 'Home':
        return focusCard(cards, 0);
      case 'End':
        return focusCard(cards, cards.length - 1);
      default:
        return false;
    }
  }
}

/** @param {HTMLElement} grid @returns {HTMLElement[]} */
function cardsOf(grid) {
  return [.../** @type {NodeListOf<HTMLElement>} */ (grid.querySelectorAll('.card-open'))];
}

/** @param {HTMLElement[]} cards @param {number} index @returns {boolean} */
function focusCard(cards, index) {
  const card = cards[index];
  if (card === undefined) return false;
  card.focus();
  card.closest('li')?.scrollIntoView({ block: 'nearest' });
  return true;
}

/** @param {HTMLElement[]} cards @returns {number} cards in the first row, as laid out now */
function columnsOf(cards) {
  const tops = cards.map((card) => card.closest('li')?.offsetTop);
  const next = tops.findIndex((top) => top !== tops[0]);
  return next < 0 ? cards.length : next;
}
