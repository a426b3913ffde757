/** What keeps a backup from being made, read or restored: one line, made for whoever runs the command. */
export class BackupProblem extends Error {
  override readonly name = 'BackupProblem';
}
