/** What is used of `fs-native-extensions`, which comes without types. */
declare module 'fs-native-extensions' {
  /**
   * Locks the file for this descriptor alone, or together with others that share it; false when
   * another one holds it otherwise. The kernel lets go when the descriptor is closed, also by the
   * death of its process.
   */
  export function tryLock(descriptor: number, options?: { shared?: boolean }): boolean;
  export function unlock(descriptor: number): void;
}
