export { multiply } from './multiply';
export { depthwiseForward, depthwiseBackward } from './depthwise';
export { biasForward, biasBackward } from './activate';

/** First byte that the kernels' own static data does not use. */
export const heapBase: i32 = <i32>__heap_base;
