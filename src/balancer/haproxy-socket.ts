import { connect, type NetConnectOpts } from 'node:net';
import { text } from 'node:stream/consumers';

const ANSWER_LIMIT_MS = 2_000;

/** Asks HAProxy, a connection a command, as `socat` does; answers are for people, and empty where there is nothing to say. */
export class HaproxySocket {
  constructor(private readonly at: NetConnectOpts) {}

  /** Rejects where HAProxy cannot be reached, or does not answer in two seconds. */
  async ask(command: string): Promise<string> {
    const socket = connect(this.at);
    const limit = setTimeout(() => {
      socket.destroy(new Error(`HAPROXY does not answer: ${command}`));
    }, ANSWER_LIMIT_MS);
    try {
      socket.write(`${command}\n`);
      return (await text(socket)).trim();
    } finally {
      clearTimeout(limit);
      socket.destroy();
    }
  }
}
