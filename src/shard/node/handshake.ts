import { isNonce, newNonce, proofOf, proves, type Nonces } from '../../protocol/handshake.js';
import { PROTOCOL_VERSION, type Hello, type Message, type Reply } from '../../protocol/messages.js';

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

  constructor(private readonly options: HandshakeOptions) {}

  /** Undefined for what has no place in a handshake. */
  step(message: Message): GreetingStep | undefined {
    const { nonces } = this;
    if (message.type === 'hello' && nonces === undefined) return this.hello(message);
    if (message.type === 'proof' && nonces !== undefined) return this.proof(message.proof, nonces);
    return undefined;
  }

  private hello({ protocol, storeId, nonce }: Hello): GreetingStep {
    const { secret } = this.options;
    if (protocol !== PROTOCOL_VERSION) {
      return refusal(`protocol ${protocol} is not ${PROTOCOL_VERSION}`);
    }
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
      reply: { type: 'welcome', protocol: PROTOCOL_VERSION, shard, ...proof },
      next: 'open',
    };
  }
}

function refusal(message: string): GreetingStep {
  return { reply: { type: 'failure', code: 'protocol', message }, next: 'end' };
}
