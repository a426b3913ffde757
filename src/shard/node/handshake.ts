import {
  commonProtocol,
  isNonce,
  newNonce,
  proofOf,
  proves,
  type Nonces,
} from '../../protocol/handshake.js';
import {
  OLDEST_PROTOCOL,
  PROTOCOL_VERSION,
  type Hello,
  type Message,
  type Reply,
} from '../../protocol/messages.js';

export interface HandshakeOptions {
  shard: string;
  storeId: string;
  /** Whoever wants to talk to this shard must know it; undefined: whoever reaches it may. */
  secret?: string | undefined;
}

/** What to answer a client that is not known yet, and whether it then is, or is turned away. */
export interface GreetingStep {
  reply: Reply;
  next: 'more' | 'open' | 'end';
}

/**
 * The shard's side of a handshake, one a connection.
 *
 *   hello ──no secret──> open
 *     └─ secret ──> challenged ──proof──> open
 */
export class ServerHandshake {
  private nonces: Nonces | undefined;
  private protocol = PROTOCOL_VERSION;

  constructor(private readonly options: HandshakeOptions) {}

  /** Undefined for what has no place in a handshake. */
  step(message: Message): GreetingStep | undefined {
    const { nonces } = this;
    if (message.type === 'hello' && nonces === undefined) return this.hello(message);
    if (message.type === 'proof' && nonces !== undefined) return this.proof(message.proof, nonces);
    return undefined;
  }

  private hello({ storeId, nonce, ...spoken }: Hello): GreetingStep {
    const { secret } = this.options;
    const protocol = commonProtocol(spoken);
    if (protocol === undefined) return refusal(unspoken(spoken));
    this.protocol = protocol;
    if (storeId !== this.options.storeId) return refusal('the client serves another store');
    if (secret === undefined) return this.welcome({});
    if (!isNonce(nonce)) return refusal('this shard wants a shared secret');
    this.nonces = { client: nonce, shard: newNonce() };
    return { reply: { type: 'challenge', nonce: this.nonces.shard }, next: 'more' };
  }

  private proof(proof: Uint8Array, nonces: Nonces): GreetingStep {
    const { secret = '' } = this.options;
    if (!proves(proof, secret, 'client', nonces)) return refusal('the shared secret is another');
    return this.welcome({ proof: proofOf(secret, 'shard', nonces) });
  }

  private welcome(proof: { proof?: Uint8Array }): GreetingStep {
    const { shard } = this.options;
    return {
      reply: { type: 'welcome', protocol: this.protocol, shard, ...proof },
      next: 'open',
    };
  }
}

function unspoken({ protocol, newest = protocol }: Pick<Hello, 'protocol' | 'newest'>): string {
  const own = `${OLDEST_PROTOCOL} to ${PROTOCOL_VERSION}`;
  return `the client speaks protocol ${protocol} to ${newest}, this shard ${own}`;
}

function refusal(message: string): GreetingStep {
  return { reply: { type: 'failure', code: 'protocol', message }, next: 'end' };
}
