import { Builtin } from '../tflite/builtin-operator.ts';
import { addRule } from './add.ts';
import { depthwiseRule } from './depthwise.ts';
import {
  hardSwishRule,
  leakyReluRule,
  logisticRule,
  quantizeRule,
  relu6Rule,
  reluN1To1Rule,
  reluRule,
  tanhRule,
} from './elementwise.ts';
import { layerRule } from './layer.ts';
import { concatenationRule, dequantizeRule, meanRule, padRule, sameValuesRule } from './moves.ts';
import { averagePoolRule, maxPoolRule } from './pool.ts';
import type { RuleMaker } from './rule.ts';

/** Operators that a gradient can go back through, by their code in the schema; all others end its way. */
export const gradientRules: ReadonlyMap<number, RuleMaker> = new Map([
  [Builtin.conv2d, layerRule],
  [Builtin.fullyConnected, layerRule],
  [Builtin.depthwiseConv2d, depthwiseRule],
  [Builtin.averagePool2d, averagePoolRule],
  [Builtin.maxPool2d, maxPoolRule],
  [Builtin.mean, meanRule],
  [Builtin.add, addRule],
  [Builtin.relu, reluRule],
  [Builtin.relu6, relu6Rule],
  [Builtin.reluN1To1, reluN1To1Rule],
  [Builtin.leakyRelu, leakyReluRule],
  [Builtin.hardSwish, hardSwishRule],
  [Builtin.logistic, logisticRule],
  [Builtin.tanh, tanhRule],
  [Builtin.quantize, quantizeRule],
  [Builtin.dequantize, dequantizeRule],
  [Builtin.reshape, sameValuesRule],
  [Builtin.squeeze, sameValuesRule],
  [Builtin.expandDims, sameValuesRule],
  [Builtin.concatenation, concatenationRule],
  [Builtin.pad, padRule],
]);
