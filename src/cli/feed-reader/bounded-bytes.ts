/** Bytes that arrive in pieces. Past the bound it counts them and keeps none. */
export class BoundedBytes {
  private pieces: Uint8Array[] = [];
  private size = 0;

  constructor(private readonly maxBytes: number) {}

  append(piece: Uint8Array): void {
    this.size += piece.length;
    if (this.size > this.maxBytes) this.pieces = [];
    else this.pieces.push(piece);
  }

  /** All of them, or their number when they were too many; empty again afterwards. */
  take(): Buffer | number {
    const { pieces, size } = this;
    this.pieces = [];
    this.size = 0;
    return size > this.maxBytes ? size : Buffer.concat(pieces, size);
  }
}
