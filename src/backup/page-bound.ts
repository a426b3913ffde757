/** About as much as a reply has, as text. */
const PAGE_BYTES = 4 * 1024 * 1024;
/** A page ends where it is by then. */
const PAGE_MS = 5_000;

/** How much a page of an export may have. */
export class PageBound {
  private bytes = 0;
  private readonly endsAtMs = performance.now() + PAGE_MS;

  add(bytes: number): void {
    this.bytes += bytes;
  }

  get hasRoom(): boolean {
    return this.bytes < PAGE_BYTES && performance.now() < this.endsAtMs;
  }
}
