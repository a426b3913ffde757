import { BlockList, isIP } from 'node:net';
import { ConfigError } from '../config/setting.js';

const NAMED: ReadonlySet<string> = new Set(['loopback', 'linklocal', 'uniquelocal']);

/** The proxies of `TRUST_PROXY`; undefined: none. Throws `ConfigError` for what is no address or network. */
export function trustedProxies(setting: string | undefined): string[] | undefined {
  const proxies = setting?.split(',');
  const wrong = proxies?.find((proxy) => !NAMED.has(proxy) && !isNetwork(proxy));
  if (wrong === undefined) return proxies;
  throw new ConfigError(`TRUST_PROXY must have addresses and networks of proxies, got ${wrong}`);
}

function isNetwork(text: string): boolean {
  const [address = '', bits, ...more] = text.split('/');
  const version = isIP(address);
  if (version === 0 || more.length > 0) return false;
  if (bits === undefined) return true;
  try {
    new BlockList().addSubnet(address, Number(bits), version === 6 ? 'ipv6' : 'ipv4');
    return true;
  } catch {
    return false;
  }
}
