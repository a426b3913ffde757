import { isNonce, newNonce, proofOf, proves, type Nonces } from '../protocol/handshake.js';
import {
  OLDEST_PROTOCOL,
  PROTOCOL_VERSION,
  type Reply,
  type Request,
} from '../protocol/messages.js';

/** Whom a connection must reach, and how it shows that it may. */
export interface Credentials {
  /** Both sides must serve the same store. */
  storeId: string;
  /** Both sides must know it; undefined where neither asks for one. */
  secret?: string | undefined;
  /** PEM: a shard on TCP must show a certificate of theirs. Undefined: it is reached without TLS. */
  ca?: string | undefined;
}

/** `open`: the version that is spoken from here on. */
export type HandshakeStep = { send: Request } | { open: number } | { problem: string };

/** The client's side of a handshake, one a connection. See `protocol/handshake.ts`. */
export class ClientHandshake {
  private readonly nonce = newNonce();
  private nonces: Nonces | undefined;

  constructor(private readonly credentials: Credentials) {}

  hello(): Request {
    const { storeId, secret } = this.credentials;
    const nonce = secret === undefined ? {} : { nonce: this.nonce };
    return {
      ...{ type: 'hello', protocol: OLDEST_PROTOCOL, newest: PROTOCOL_VERSION },
      ...{ storeId, ...nonce },
    };
  }

  step(reply: Reply): HandshakeStep {
    const { nonces } = this;
    const { secret } = this.credentials;
    if (reply.type === 'failure') return { problem: reply.message };
    if (reply.type === 'challenge' && secret !== undefined && nonces === undefined) {
      return this.answer(reply.nonce, secret);
    }
    if (reply.type !== 'welcome') return { problem: 'the shard refused the handshake' };
    // Vectors and filters are not for whoever happens to listen at the address.
    const isTrusted =
      secret === undefined ||
      (nonces !== undefined && proves(reply.proof, secret, 'shard', nonces));
    const { protocol } = reply;
    return isTrusted
      ? { open: protocol }
      : { problem: 'the shard does not know the shared secret' };
  }

  private answer(nonce: unknown, secret: string): HandshakeStep {
    if (!isNonce(nonce)) return { problem: 'the shard refused the handshake' };
    this.nonces = { client: this.nonce, shard: nonce };
    return { send: { type: 'proof', proof: proofOf(secret, 'client', this.nonces) } };
  }
}
