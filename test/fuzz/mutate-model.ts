import { allOperators } from '../../kernels/ops/registry.ts';
import type { Operator, Quantisation, Subgraph, Tensor, TfliteModel } from '../../kernels/tflite/model.ts';
import { OPTIONS_LAYOUTS, optionsType } from '../../kernels/tflite/options.ts';
import { type Draw, INTERESTING } from './draw.ts';

type Edit = (model: TfliteModel, draw: Draw) => [what: string, model: TfliteModel];

const SCALES = [0, -1, Number.NaN, Infinity, 1e-45, 1e-38, 3e38, 1e-10, 1000, 1, 1 / 256, 0.001];
const TYPES = [0, 1, 2, 3, 4, 5, 6, 7, 9, 15, 17, 18, -1];

/** Changes one thing in a model as it is in memory; the writer then makes a sound flatbuffer of it. */
export function editModel(model: TfliteModel, draw: Draw): [what: string, model: TfliteModel] {
  return draw.of(EDITS)(model, draw);
}

const withSubgraph = (model: TfliteModel, change: Partial<Subgraph>): TfliteModel => ({
  ...model,
  subgraph: { ...model.subgraph, ...change },
});

/** An edit of one tensor; null when it has nothing to offer for it. */
const ofTensor =
  (change: (tensor: Tensor, draw: Draw, model: TfliteModel) => [what: string, change: Partial<Tensor>]): Edit =>
  (model, draw) => {
    const { tensors } = model.subgraph;
    if (tensors.length === 0) return ['nothing', model];
    const index = draw.below(tensors.length);
    const [what, changed] = change(tensors[index]!, draw, model);
    const list = tensors.with(index, { ...tensors[index]!, ...changed });
    return [`tensor ${index} ${what}`, withSubgraph(model, { tensors: list })];
  };

const ofOperator =
  (change: (operator: Operator, draw: Draw, model: TfliteModel) => [what: string, change: Partial<Operator>]): Edit =>
  (model, draw) => {
    const { operators } = model.subgraph;
    if (operators.length === 0) return ['nothing', model];
    const index = draw.below(operators.length);
    const [what, changed] = change(operators[index]!, draw, model);
    const list = operators.with(index, { ...operators[index]!, ...changed });
    return [`operator ${index} ${what}`, withSubgraph(model, { operators: list })];
  };

/** Another number near `value` or far from it. */
const otherNumber = (value: number, draw: Draw): number =>
  draw.of([draw.of(INTERESTING), value + 1, value - 1, value * 2, Math.floor(value / 2), -value]);

const dimension = ofTensor(({ shape }, draw) => {
  if (shape.length === 0) return ['a dimension more', { shape: [1 + draw.below(3)] }];
  const axis = draw.below(shape.length);
  const side = otherNumber(shape[axis]!, draw);
  return [`dimension ${axis} = ${side}`, { shape: shape.with(axis, side) }];
});

const rank = ofTensor(({ shape }, draw) => {
  const changed = draw.of([shape.slice(1), shape.slice(0, -1), [...shape, 1], [1, ...shape], shape.toReversed(), []]);
  return [`shape [${changed}]`, { shape: changed }];
});

/** A side that several tensors share gets another length in all of them: what checks them against each other passes. */
const everyDimension: Edit = (model, draw) => {
  const sides = model.subgraph.tensors.flatMap(({ shape }) => [...shape]);
  if (sides.length === 0) return ['nothing', model];
  const [from, axis] = [draw.of(sides), draw.below(4)];
  const to = Math.abs(otherNumber(from, draw));
  const tensors = model.subgraph.tensors.map((tensor) => {
    const constant = model.buffers[tensor.buffer]?.length !== 0;
    const shape = tensor.shape.map((side, at) => (side === from && at === axis ? to : side));
    return constant ? tensor : { ...tensor, shape };
  });
  return [`sides ${axis} of ${from} = ${to}`, withSubgraph(model, { tensors })];
};

const type = ofTensor((_, draw) => {
  const changed = draw.of(TYPES);
  return [`type ${changed}`, { type: changed }];
});

const quantisation = ofTensor((tensor, draw) => {
  const none: Quantisation = {
    scale: new Float32Array(1).fill(1),
    zeroPoint: new Int32Array(1),
    min: new Float32Array(0),
    max: new Float32Array(0),
    quantizedDimension: 0,
  };
  const { scale, zeroPoint, ...rest } = tensor.quantisation ?? none;
  const at = draw.below(Math.max(1, scale.length));
  switch (draw.below(6)) {
    case 0:
      return ['without quantisation', { quantisation: null }];
    case 1: {
      const length = draw.of([0, 1, 2, scale.length + 1, scale.length - 1]);
      const longer = Float32Array.from({ length: Math.max(0, length) }, (_, index) => scale[index] ?? 0.1);
      return [
        `${length} scales`,
        { quantisation: { ...rest, scale: longer, zeroPoint: new Int32Array(longer.length) } },
      ];
    }
    case 2: {
      const value = otherNumber(rest.quantizedDimension, draw);
      return [
        `quantised dimension ${value}`,
        { quantisation: { ...rest, scale, zeroPoint, quantizedDimension: value } },
      ];
    }
    case 3: {
      const value = otherNumber(zeroPoint[at] ?? 0, draw);
      return [
        `zero point ${value}`,
        { quantisation: { ...rest, scale, zeroPoint: zeroPoint.map((zero, index) => (index === at ? value : zero)) } },
      ];
    }
    default: {
      const value = draw.of([...SCALES, (scale[at] ?? 1) * 1000, (scale[at] ?? 1) / 1000]);
      return [
        `scale ${value}`,
        { quantisation: { ...rest, scale: scale.map((step, index) => (index === at ? value : step)), zeroPoint } },
      ];
    }
  }
});

const buffer = ofTensor((tensor, draw, model) => {
  const changed = draw.of([0, draw.below(model.buffers.length), otherNumber(tensor.buffer, draw)]);
  return [`buffer ${changed}`, { buffer: changed >>> 0 }];
});

const variable = ofTensor(({ isVariable }) => [`variable ${!isVariable}`, { isVariable: !isVariable }]);

/** Axes, paddings, shapes and sizes are constants too. */
const constant: Edit = (model, draw) => {
  const small = model.buffers.flatMap((bytes, index) => (bytes.length > 0 && bytes.length <= 64 ? [index] : []));
  const index = small.length > 0 && draw.chance(0.8) ? draw.of(small) : draw.below(model.buffers.length);
  const bytes = Uint8Array.from(model.buffers[index] ?? []);
  const changed = draw.chance(0.2) ? bytes.slice(0, draw.below(bytes.length + 1)) : bytes;
  if (changed.length >= 4) {
    const at = draw.below(changed.length >> 2) * 4;
    new DataView(changed.buffer).setInt32(at, draw.of(INTERESTING), true);
  }
  return [`contents of buffer ${index}`, { ...model, buffers: model.buffers.with(index, changed) }];
};

const option = ofOperator(({ options }, draw) => {
  const layout = OPTIONS_LAYOUTS[(options?.type ?? 0) - 1];
  if (options === null || layout === undefined || layout.fields.length === 0 || draw.chance(0.1)) {
    const { name } = draw.of(OPTIONS_LAYOUTS);
    return [`options ${name}`, { options: { type: optionsType(name), fields: {} } }];
  }
  const field = draw.of(layout.fields);
  const value = {
    i8: draw.of([-1, 0, 1, 2, 3, 4, 5, 6, 127]),
    i32: otherNumber(Number(options.fields[field.name] ?? 0), draw),
    i64: 5n,
    f32: draw.of([...SCALES, -0.5]),
    bool: draw.chance(0.5),
    text: 'x',
    i32s: Array.from({ length: draw.below(5) }, () => draw.of(INTERESTING)),
    f32s: [Number.NaN],
  }[field.kind];
  return [
    `option ${field.name} = ${value}`,
    { options: { ...options, fields: { ...options.fields, [field.name]: value } } },
  ];
});

const wiring = ofOperator(({ inputs, outputs }, draw, model) => {
  const other = draw.of([-1, draw.below(model.subgraph.tensors.length), draw.of(INTERESTING)]);
  const [list, name] = draw.chance(0.7) ? [inputs, 'inputs'] : [outputs, 'outputs'];
  const at = draw.below(Math.max(1, list.length));
  const changed = draw.of([
    list.toReversed(),
    list.slice(0, -1),
    [...list, other],
    list.slice(1),
    list.map((entry, index) => (index === at ? other : entry)),
  ]);
  return [`${name} [${changed}]`, { [name]: changed }];
});

const opcode = ofOperator((_, draw, model) => {
  const changed = draw.chance(0.2) ? draw.of(INTERESTING) >>> 0 : draw.below(model.operatorCodes.length);
  return [`opcode ${changed}`, { opcodeIndex: changed }];
});

const builtin: Edit = (model, draw) => {
  if (model.operatorCodes.length === 0) return ['nothing', model];
  const index = draw.below(model.operatorCodes.length);
  const changed = draw.chance(0.8) ? draw.of([...allOperators.keys()]) : draw.of(INTERESTING);
  const operatorCodes = model.operatorCodes.with(index, { ...model.operatorCodes[index]!, builtin: changed });
  return [`operator code ${index} = ${changed}`, { ...model, operatorCodes }];
};

const order: Edit = (model, draw) => {
  const { operators } = model.subgraph;
  const at = draw.below(Math.max(1, operators.length));
  const changed = draw.of([operators.toReversed(), operators.toSpliced(at, 1), [...operators, ...operators]]);
  return [`${changed.length} operators in another order`, withSubgraph(model, { operators: changed })];
};

const ends: Edit = (model, draw) => {
  const { inputs, outputs, tensors } = model.subgraph;
  const other = draw.chance(0.7) ? draw.below(tensors.length) : draw.of(INTERESTING);
  const [list, name] = draw.chance(0.5) ? ([inputs, 'inputs'] as const) : ([outputs, 'outputs'] as const);
  const changed = draw.of([[], [...list, other], [other], [...list, ...list]]);
  return [`model ${name} [${changed}]`, withSubgraph(model, { [name]: changed })];
};

/** Those that reach deepest several times. */
const EDITS: readonly Edit[] = [
  ...[dimension, dimension, rank, everyDimension, everyDimension, everyDimension, type, quantisation, quantisation],
  ...[buffer, variable, constant, constant, constant, option, option, option, wiring, wiring, opcode, builtin, builtin],
  ...[order, ends],
];
