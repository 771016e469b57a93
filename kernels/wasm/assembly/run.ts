import { convolution } from './convolution';
import { dense } from './dense';
import { depthwise } from './depthwise';
import {
  KIND,
  KIND_BORDER,
  KIND_CONVOLUTION,
  KIND_DENSE,
  KIND_DEPTHWISE,
  KIND_LOOKUP,
  KIND_POOL,
  KIND_SUM,
  KIND_WIDEN,
  KIND_WINOGRAD,
  KIND_WINOGRAD_LINE,
  RECORD_BYTES,
} from './records';
import { lookup } from './lookup';
import { pool } from './pool';
import { sum } from './sum';
import { border, widen } from './widen';
import { winograd } from './winograd';

/**
 * Runs the records from `record` up to `end`, one after the other.
 *
 * @param adapters table of the adapters in force, one entry per adapter point; 0 for the frozen model
 */
export function run(record: usize, end: usize, adapters: usize): void {
  for (; record < end; record += RECORD_BYTES) {
    switch (load<i32>(record, KIND)) {
      case KIND_DENSE:
        dense(record, adapters);
        break;
      case KIND_CONVOLUTION:
        convolution(record, adapters);
        break;
      case KIND_DEPTHWISE:
        depthwise(record);
        break;
      case KIND_WINOGRAD:
        winograd(record, adapters, true);
        break;
      case KIND_WINOGRAD_LINE:
        winograd(record, adapters, false);
        break;
      case KIND_SUM:
        sum(record);
        break;
      case KIND_POOL:
        pool(record);
        break;
      case KIND_LOOKUP:
        lookup(record);
        break;
      case KIND_WIDEN:
        widen(record);
        break;
      case KIND_BORDER:
        border(record);
        break;
    }
  }
}
