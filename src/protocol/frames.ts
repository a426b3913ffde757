import { Packr, RESERVE_START_SPACE } from 'msgpackr';
import type { Message } from './messages.js';

/**
 * Frames on a stream socket: u32 length of what follows, u32 request number, then the message in
 * MessagePack; both numbers little-endian. Request number 0 is for what wants no answer.
 */
const HEADER_BYTES = 8;
/** Longer frames are a broken peer: a search of 1,000 partitions with a 4,096-d vector is 64 KB. */
export const MAX_FRAME_BYTES = 16 * 1024 * 1024;

const packr = new Packr({ useRecords: false, encodeUndefinedAsNil: true });

export interface Frame {
  request: number;
  message: Message;
}

export function encodeFrame(request: number, message: Message): Buffer {
  // With room for the header before it: nothing is copied.
  const frame = packr.pack(message, RESERVE_START_SPACE | HEADER_BYTES);
  const length = frame.byteLength - 4;
  if (length > MAX_FRAME_BYTES) throw new Error(`frame of ${length} bytes`);
  frame.writeUInt32LE(length, 0);
  frame.writeUInt32LE(request, 4);
  return frame;
}

/** Cuts a byte stream into frames. Throws on a frame that no peer of ours would send. */
export class FrameReader {
  private chunks: Buffer[] = [];
  private bytes = 0;
  /** Bytes at which there is something to do: chunks of a long frame are joined once. */
  private wanted = HEADER_BYTES;

  /** Longer frames are refused: fewer bytes where the peer is not known yet. */
  constructor(public limitBytes = MAX_FRAME_BYTES) {}

  /** The frames that `chunk` completes, in order. */
  push(chunk: Buffer): Frame[] {
    this.chunks.push(chunk);
    this.bytes += chunk.byteLength;
    const frames: Frame[] = [];
    if (this.bytes < this.wanted) return frames;
    this.wanted = HEADER_BYTES;

    let held = this.chunks.length === 1 ? chunk : Buffer.concat(this.chunks);
    while (held.byteLength >= HEADER_BYTES) {
      const length = held.readUInt32LE(0);
      if (length < 4 || length > this.limitBytes) throw new Error(`frame of ${length} bytes`);
      this.wanted = 4 + length;
      if (held.byteLength < this.wanted) break;
      const message = packr.unpack(held.subarray(HEADER_BYTES, 4 + length)) as Message;
      frames.push({ request: held.readUInt32LE(4), message });
      held = held.subarray(this.wanted);
      this.wanted = HEADER_BYTES;
    }
    this.chunks = held.byteLength > 0 ? [held] : [];
    this.bytes = held.byteLength;
    return frames;
  }
}
