import { formatNumber, type Row } from '../lib/table.js';
import { STATIONS, type StationTimes } from './stations.js';

/** The processes that a search goes through, with what their names hold. */
export const ROLES = new Map([
  ['query node', 'query-node'],
  ['shards', 'shard-node'],
] as const);
export type Role = 'query node' | 'shards';

/** The station of threads that no profile tells of. */
export const HELPERS = 'helper threads';

/** Stations above this share of the whole are named, with their dearest functions. */
const NAMED_SHARE = 0.1;
const NAMED_FUNCTIONS = 4;

/** Where the CPU of one search goes; microseconds a search. */
export interface Ledger {
  search: string;
  searches: number;
  stations: Station[];
  /** Of all stations. */
  sum_us: Record<Role, number>;
  /** What the kernel charged the processes meanwhile, without the profiler's own threads. */
  whole_us: Record<Role, number>;
  /** The same while nothing was profiled. */
  unprofiled_us: Record<Role, number>;
  /** sum / whole */
  explained: number;
  /** Stations above a tenth of the sum, dearest first, and what in them took most. */
  named: { station: string; share: number; functions: { name: string; share: number }[] }[];
}

interface Station {
  station: string;
  us: Record<Role, number>;
  /** Of the sum of both. */
  share: number;
}

export interface Measured {
  search: string;
  searches: number;
  times: Record<Role, StationTimes>;
  wholeUs: Record<Role, number>;
  unprofiledUs: Record<Role, number>;
}

export function perRole<T>(make: (role: Role) => T): Record<Role, T> {
  return { 'query node': make('query node'), shards: make('shards') };
}

/** Profiles of many searches as the ledger of one. */
export function sumUp({ search, searches, times, wholeUs, unprofiledUs }: Measured): Ledger {
  const rows = [...STATIONS, HELPERS].map((station) => ({
    station,
    us: perRole((role) => times[role].timeOf(station) / searches),
  }));
  const sumUs = perRole((role) => rows.reduce((sum, { us }) => sum + us[role], 0));
  const all = total(sumUs);
  const stations = rows.map((row) => ({ ...row, share: total(row.us) / all }));
  const dear = stations.filter(({ share }) => share > NAMED_SHARE);
  return {
    ...{ search, searches, stations },
    ...{ sum_us: sumUs, whole_us: wholeUs, unprofiled_us: unprofiledUs },
    explained: all / total(wholeUs),
    named: dear
      .sort((a, b) => b.share - a.share)
      .map(({ station, share }) => ({
        station,
        share,
        functions: dearestOf(times, station).map(({ name, us }) => ({
          name,
          share: us / searches / all,
        })),
      })),
  };
}

/** Of both roles, each function with where it ran. */
function dearestOf(times: Measured['times'], station: string) {
  return [...ROLES.keys()]
    .flatMap((role) =>
      times[role]
        .dearest(station, NAMED_FUNCTIONS)
        .map(({ name, us }) => ({ name: `${name}, ${role}`, us })),
    )
    .sort((a, b) => b.us - a.us)
    .slice(0, NAMED_FUNCTIONS);
}

/** A table for people: the stations, then what they come to beside the whole. */
export function ledgerRows(ledger: Ledger): Row[] {
  const { stations, sum_us, whole_us, unprofiled_us } = ledger;
  const rowOf = (station: string, us: Record<Role, number>, share?: number): Row => ({
    station,
    'query node': us['query node'],
    shards: us.shards,
    both: total(us),
    '%': share === undefined ? undefined : share * 100,
  });
  return [
    ...stations.map(({ station, us, share }) => rowOf(station, us, share)),
    rowOf('= sum of stations', sum_us, 1),
    rowOf('the whole, by the kernel', whole_us, 1 / ledger.explained),
    rowOf('the whole, not profiled', unprofiled_us),
  ];
}

/** A line for each station above a tenth. */
export function namedLines({ named }: Ledger): string {
  const percent = (share: number): string => `${formatNumber(share * 100)} %`;
  return named
    .map(({ station, share, functions }) => {
      const list = functions.map((one) => `${one.name} ${percent(one.share)}`).join('; ');
      return `  ${percent(share)} ${station}: ${list}`;
    })
    .join('\n');
}

export function total(times: Record<Role, number>): number {
  return times['query node'] + times.shards;
}
