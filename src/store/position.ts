import type { Position, WriteMark } from './store.js';

/**
 * Positions and marks as bytes. They outlive this process (shards keep a position in their
 * manifest), so each begins with a format byte; one that is not understood means a rebuild.
 */

/** Where a follower stands. */
export interface FeedPlace {
  /** It has seen every entry up to this sequence. */
  sequence: number;
  /** The tenant's sequence when it began from nothing: older tombstones never concerned it. */
  startedAt: number;
}

const FORMAT = 1;
const POSITION_BYTES = 17;
export const MARK_BYTES = 9;

export function encodePosition(place: FeedPlace): Position {
  const bytes = Buffer.alloc(POSITION_BYTES, FORMAT);
  writeUint64(bytes, place.sequence, 1);
  writeUint64(bytes, place.startedAt, 9);
  return bytes;
}

/** Undefined when these are not the bytes of a position. */
export function decodePosition(position: Position): FeedPlace | undefined {
  if (position.length !== POSITION_BYTES || position[0] !== FORMAT) return undefined;
  const bytes = Buffer.from(position);
  return { sequence: readUint64(bytes, 1), startedAt: readUint64(bytes, 9) };
}

export function encodeMark(sequence: number): WriteMark {
  const bytes = Buffer.alloc(MARK_BYTES, FORMAT);
  writeUint64(bytes, sequence, 1);
  return bytes;
}

/** Undefined when these are not the bytes of a mark. */
export function decodeMark(mark: WriteMark): number | undefined {
  if (mark.length !== MARK_BYTES || mark[0] !== FORMAT) return undefined;
  return readUint64(Buffer.from(mark), 1);
}

/** Whether a follower at `position` has seen everything up to `mark`. */
export function positionCovers(position: Position | undefined, mark: WriteMark): boolean {
  const wanted = decodeMark(mark);
  if (wanted === undefined) return false;
  const seen = position === undefined ? 0 : decodePosition(position)?.sequence;
  return seen !== undefined && seen >= wanted;
}

/** Big-endian, so that byte order is numeric order. `value` is a safe integer. */
export function writeUint64(target: Buffer, value: number, offset: number): void {
  target.writeUInt32BE(Math.floor(value / 2 ** 32), offset);
  target.writeUInt32BE(value >>> 0, offset + 4);
}

export function readUint64(source: Buffer, offset: number): number {
  return source.readUInt32BE(offset) * 2 ** 32 + source.readUInt32BE(offset + 4);
}
