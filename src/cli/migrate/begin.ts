import { MoveError } from '../move/move.js';
import type { Side } from './side.js';
import type { Step } from './steps.js';

/** Whether the record of the new one is of the same walk: it may have one of another by now. */
export function isPair(from: Side, to: Side): boolean {
  const [here, there] = [from.handover, to.handover];
  if (here === undefined || there === undefined) return false;
  // A command that began again may have ended before the old one knew.
  return there.id === here.id || there.walk['again'] === here.id;
}

/** Rejects `MoveError` where no walk can begin from one to the other, or none that would end well. */
export async function requireBeginnable(
  from: Side,
  to: Side,
  step: Step | undefined,
): Promise<void> {
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
}
