/** Where backups lie: files by names such as `20261129T211020123Z/manifest.json`. */
export interface BackupTarget {
  /** Resolves once the file is there as a whole. */
  write(file: string, bytes: Uint8Array): Promise<void>;
  /** Undefined where there is no such file. */
  read(file: string): Promise<Buffer | undefined>;
  /** All files whose names begin so, in byte order. */
  list(prefix: string): Promise<string[]>;
  /** Whether or not it is there. */
  remove(file: string): Promise<void>;
}
