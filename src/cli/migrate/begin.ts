import { OmniSearchError } from '../../client/errors.js';
import { exportHead, operatorsTransport } from '../backup/export-client.js';
import { MoveError } from '../move/move.js';
import { mapTurns } from './turns.js';
import type { Side } from './side.js';
import type { Step } from './steps.js';

/** Whether the record of the new one is of the same walk: it may have one of another by now. */
export function isPair(from: Side, to: Side): boolean {
  const [here, there] = [from.handover, to.handover];
  if (here === undefined || there === undefined) return false;
  // A command that began again may have ended before the old one knew.
  return there.id === here.id || there.walk['again'] === here.id;
}

/** Catalogues that are read at the same time. */
const AT_ONCE = 2;
const UNAUTHORIZED = 401;

/** Throws `MoveError` for tenants with archived products: these are in no copy. */
export function requireNoneArchived(tenants: readonly string[]): void {
  if (tenants.length === 0) return;
  throw new MoveError(
    `there are archived products, which do not go along, of: ${tenants.join(', ')}. Call them back first: docs/tiers.md`,
  );
}

/** Through the other one's address it is reached from everywhere, and not from its own machine alone. */
async function requireKeyed({ at: { url } }: Side): Promise<void> {
  try {
    await exportHead(operatorsTransport({ url, adminKey: undefined }));
  } catch (error) {
    if (error instanceof OmniSearchError && error.status === UNAUTHORIZED) return;
    throw error;
  }
  throw new MoveError(
    `${url} does as operators say without a key, and everybody who reaches the other one would reach it: give it an ADMIN_KEY`,
  );
}

/** Rejects `MoveError` where no walk can begin from one to the other, or none that would end well. */
export async function requireBeginnable(
  from: Side,
  to: Side,
  { step, stop }: { step: Step | undefined; stop: AbortSignal },
): Promise<void> {
  for (const side of [from, to]) await requireKeyed(side);
  const [here, there] = [await from.at.exports.head(), await to.at.exports.head()];
  if (here.store === there.store) {
    throw new MoveError(`${from.at.url} and ${to.at.url} have one store`);
  }
  if (here.model?.fingerprint !== there.model?.fingerprint) {
    const names = [here, there].map(({ model }) => model?.name ?? 'none');
    throw new MoveError(`the models differ: ${names.join(' here, there ')}`);
  }
  const isAgain = step === 'rolled-back';
  if (from.handover !== undefined && !isAgain) {
    throw new MoveError(`one is at ${step} already: omnisearch migrate resume`);
  }
  if (isAgain && !isPair(from, to)) {
    throw new MoveError(`the one that was rolled back went elsewhere: omnisearch migrate forget`);
  }
  if (!isAgain && there.tenants.length > 0) {
    throw new MoveError(`there are tenants at ${to.at.url}: ${there.tenants.join(', ')}`);
  }
  const cold: string[] = [];
  await mapTurns(here.tenants, AT_ONCE, async (tenant) => {
    if ((await from.at.unbegun.sum(tenant, stop)).archived > 0) cold.push(tenant);
  });
  requireNoneArchived(cold.toSorted());
}
