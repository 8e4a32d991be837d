/** How often the properties of what comes from outside are asked: the usual number, or UIPVS_FUZZ_RUNS by hand. */
export function fuzzRuns(usual: number): number {
  const text = process.env.UIPVS_FUZZ_RUNS ?? String(usual);
  if (!/^[1-9]\d*$/.test(text))
    throw new Error(`Expected a number for UIPVS_FUZZ_RUNS but received '${text}'`);
  return Number(text);
}
