// What a gateway runs: its own file is made of this.
export { packCoupled, packPanels, packTaps, packWinograd } from './pack';
export { adapterProject } from './adapter';
export { convolutionGradient, depthwiseGradient } from './input-gradient';
export { adapterGradient, filterGradient } from './adapter-gradient';
export { run } from './run';

/** First byte that the kernels' own static data does not use. */
export const heapBase: i32 = <i32>__heap_base;
