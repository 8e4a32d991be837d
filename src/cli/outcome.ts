/** What a command ended with. */
export interface Outcome {
  readonly exitCode: number;
  /** Whether `-R` ends here, as it does where ipvsadm exits on the spot. */
  readonly endsRestore: boolean;
}

export function outcome(exitCode: number, endsRestore = false): Outcome {
  return { exitCode, endsRestore };
}
