import ipaddr from 'ipaddr.js';

/** All of today's public IPv6; what lies outside is local, translated or not given out. */
const GLOBAL_IPV6 = ipaddr.IPv6.parseCIDR('2000::/3');
/** An address of a public range that within one cloud is its own service for machines. */
const CLOUD_SERVICES: ReadonlySet<string> = new Set(['168.63.129.16']);

/**
 * Whether `text` is an address that everybody on the internet reaches the same: not this machine, not a private network, no
 * cloud's metadata, no tunnel or translation that leads to one of them. False also for what is no address.
 */
export function isPublicAddress(text: string): boolean {
  if (!ipaddr.isValid(text)) return false;
  const address = ipaddr.process(text);
  if (address.range() !== 'unicast' || CLOUD_SERVICES.has(address.toString())) return false;
  return !(address instanceof ipaddr.IPv6) || address.match(GLOBAL_IPV6);
}

/** One spelling for each address, an IPv4 in IPv6's clothes as IPv4; undefined for what is no address. */
export function plainAddress(text: string): string | undefined {
  return ipaddr.isValid(text) ? ipaddr.process(text).toString() : undefined;
}
