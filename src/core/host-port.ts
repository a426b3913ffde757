import { isIPv6 } from 'node:net';

/** A place that can be connected to. */
export interface HostPort {
  /** A name or an IP address, that of IPv6 without brackets. */
  host: string;
  /** From 1, or 0 for one that is not known yet. */
  port: number;
}

const FORM = /^(?:\[([\da-fA-F:.]+)\]|([\w.-]+)):(\d{1,5})$/;
const MAX_PORT = 65_535;

/**
 * What `HOST:PORT`, or `[HOST]:PORT` for IPv6, names; undefined for any other text. What it takes can stand in a
 * configuration file as it is: it has neither blanks nor quotes.
 */
export function hostPortOf(text: string): HostPort | undefined {
  const [, ipv6, name, digits] = FORM.exec(text) ?? [];
  const port = Number(digits);
  if (ipv6 !== undefined && !isIPv6(ipv6)) return undefined;
  const host = ipv6 ?? name;
  return host === undefined || port > MAX_PORT ? undefined : { host, port };
}

/** `hostPortOf` backwards. */
export function textOf({ host, port }: HostPort): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
