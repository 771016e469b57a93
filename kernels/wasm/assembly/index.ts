export { widen } from './widen';
export { dense } from './dense';
export { adapterForward } from './adapter';

/** First byte that the kernels' own static data does not use. */
export const heapBase: i32 = <i32>__heap_base;
