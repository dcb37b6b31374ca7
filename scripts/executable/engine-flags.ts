/** V8's flags of every program: the young generation of an idle one needs no 16 MB, and its old one has to be collected before it has grown to what V8 takes for small. */
export const PROGRAM_FLAGS = ['--max-semi-space-size=1', '--initial-old-space-size=8'] as const;

/** Beside them those of `om-launcher run`, which computes nothing for long: without optimizing compilers it is 7 MB smaller. */
export const RUN_FLAGS = ['--no-opt', '--no-maglev', '--no-wasm-tier-up'] as const;
