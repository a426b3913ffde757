import { connect, type Socket } from 'node:net';

const MUCH = 2_000_000;

/** A connection on which bytes are sent as they are, and read only when asked to. */
export class RawConnection {
  private constructor(readonly socket: Socket) {}

  static open(port: number): Promise<RawConnection> {
    return new Promise((resolve, reject) => {
      const socket = connect(port, '127.0.0.1', () => {
        socket.pause();
        socket.on('error', () => undefined);
        resolve(new RawConnection(socket));
      });
      socket.once('error', reject);
    });
  }

  send(bytes: string): void {
    this.socket.write(bytes);
  }

  /** What comes until `until` says of all of it, or of the end of much, that it is enough; or until the other side closes. */
  async read(until: (text: string) => boolean = () => false): Promise<string> {
    const chunks: string[] = [];
    let length = 0;
    this.socket.resume();
    await new Promise<void>((resolve) => {
      this.socket.on('data', (chunk: Buffer) => {
        chunks.push(chunk.toString('latin1'));
        length += chunk.length;
        if (until(length < MUCH ? chunks.join('') : (chunks.at(-1) ?? ''))) resolve();
      });
      this.socket.once('close', resolve);
      this.socket.once('end', resolve);
    });
    return chunks.join('');
  }

  get closed(): Promise<void> {
    // A socket that is not read hears of no end.
    this.socket.resume();
    return new Promise((resolve) => {
      if (this.socket.destroyed) resolve();
      else this.socket.once('close', () => resolve());
    });
  }

  destroy(): void {
    this.socket.destroy();
  }
}

/** A request with a body of JSON, as bytes. */
export function jsonRequest(path: string, body: unknown, tenant = 'default'): string {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return (
    `POST ${path} HTTP/1.1\r\nhost: localhost\r\nx-omnisearch-tenant: ${tenant}\r\n` +
    `content-type: application/json\r\ncontent-length: ${Buffer.byteLength(text)}\r\n\r\n${text}`
  );
}

/** The head of an upload whose body is still to come. */
export function uploadHead(tenant: string, headers: string): string {
  return (
    `POST /products HTTP/1.1\r\nhost: localhost\r\nx-omnisearch-tenant: ${tenant}\r\n` +
    `${headers}\r\n\r\n`
  );
}
