import { UipvsError } from '../base/error.js';

/** One of a batch's requests was refused, with the code and the words it has alone: nothing of the batch was done. */
export class BatchRefusal extends UipvsError {
  /** Which one, from 0. */
  readonly index: number;

  constructor(index: number, cause: UipvsError) {
    super(cause.code, cause.message, { cause });
    this.index = index;
  }
}
