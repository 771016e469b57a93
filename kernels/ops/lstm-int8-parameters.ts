import { scaleByPowerOfTwo } from '../math/scale-by-power-of-two.ts';
import { type QuantisedMultiplier, quantiseMultiplier } from './fixed-point.ts';
import { foldZeroPoint, type LstmInt8, type LstmInt8Gate } from './lstm-int8.ts';
import type { LstmGateOperands, LstmOperands } from './lstm-operands.ts';
import { builtinRounding, CELL_EXPONENT_MAX, CELL_EXPONENT_MIN, microRounding } from './lstm-rounding.ts';
import type { BoundAddresses } from './operator.ts';
import type { PrepareContext, TensorQuantisation } from './prepare-context.ts';

type Parameters = Pick<LstmInt8, 'cellMin' | 'cellMax' | 'hiddenMultiplier' | 'hiddenZeroPoint' | 'rounding'>;

/** Scale of a gate's sum before its activation, Q3.12; the file's intermediates repeat it. */
const GATE_SCALE = 1 / 4096;
/** Scale of a product of two Q0.15 numbers. */
const PRODUCT_SCALE = 1 / 1073741824;
/** log2 of a cell scale may miss a whole number by 1e-3 (kernels/kernel_util.cc, `CheckedLog2`). */
const POWER_TOLERANCE = 6.9e-4;

/** What all cells of a quantised LSTM share, in the numerics in force. */
export function lstmInt8Parameters(context: PrepareContext, operands: LstmOperands): Parameters {
  const cell = context.quantisation(operands.cell);
  const exponent = exponentOf(context, cell);
  const hidden = hiddenQuantisation(context, operands);
  const clip = context.option('cellClip');
  if (!(clip >= 0)) context.refuse(`clips its cells at ${clip}`);
  const cellMax = clip === 0 ? 32767 : Math.min(32767, Math.floor(Math.fround(clip / cell.scale)));
  const reference = context.numerics === 'reference';
  const factor = PRODUCT_SCALE / hidden.scale;
  const product = scaleByPowerOfTwo(PRODUCT_SCALE, -exponent);
  return {
    // A clip below the first step of the state is none, as in TFLite.
    cellMin: clip === 0 || cellMax === 0 ? -32768 : -cellMax,
    cellMax: cellMax === 0 ? 32767 : cellMax,
    hiddenMultiplier: multiplierOf(context, reference ? factor : Math.fround(factor)),
    hiddenZeroPoint: hidden.zeroPoint,
    rounding: reference
      ? microRounding(exponent, quantiseMultiplier(1 / 32768), quantiseMultiplier(product))
      : builtinRounding(exponent),
  };
}

/** Weights and multipliers of one gate; the zero points are folded into its starts at once. */
export function lstmInt8Gate(
  context: PrepareContext,
  operands: LstmOperands,
  { inputWeights, recurrentWeights, bias }: LstmGateOperands,
): (addresses: BoundAddresses) => LstmInt8Gate {
  const input = context.quantisation(operands.input);
  const hidden = context.quantisation(operands.hidden);
  const { buffer } = context.engine.uint8;
  const cells = bias.elements;
  const starts = [inputWeights, recurrentWeights].map((weights) => {
    const { scale, zeroPoint } = context.quantisation(weights);
    if (zeroPoint !== 0) context.refuse(`has weights with the zero point ${zeroPoint}`);
    return { scale, start: new Int32Array(buffer, context.persistent(cells * 4), cells) };
  });
  const [fromInput, fromHidden] = starts as [(typeof starts)[0], (typeof starts)[0]];
  new Uint8Array(buffer, fromInput.start.byteOffset, cells * 4).set(bias.constant!);
  foldZeroPoint(signed(inputWeights.constant!), input.zeroPoint, fromInput.start);
  foldZeroPoint(signed(recurrentWeights.constant!), hidden.zeroPoint, fromHidden.start);
  const inputMultiplier = multiplierOf(context, Math.fround(fromInput.scale * input.scale) / GATE_SCALE);
  const recurrentMultiplier = multiplierOf(context, Math.fround(fromHidden.scale * hidden.scale) / GATE_SCALE);
  return ({ tensor }) => ({
    inputWeights: new Int8Array(buffer, tensor(inputWeights.index), inputWeights.elements),
    recurrentWeights: new Int8Array(buffer, tensor(recurrentWeights.index), recurrentWeights.elements),
    inputStart: fromInput.start,
    recurrentStart: fromHidden.start,
    inputMultiplier,
    recurrentMultiplier,
  });
}

/** TFLite takes the scale of the output from the fifth intermediate, TFLite Micro from the hidden state. */
function hiddenQuantisation(context: PrepareContext, { hidden }: LstmOperands): TensorQuantisation {
  const inside = context.numerics === 'reference' ? null : context.intermediate(4);
  return context.quantisation(inside ?? hidden);
}

/** The power of two that the scale of the cell state is. */
function exponentOf(context: PrepareContext, { scale, zeroPoint }: TensorQuantisation): number {
  for (let exponent = CELL_EXPONENT_MIN; exponent <= CELL_EXPONENT_MAX; exponent++) {
    const ratio = scaleByPowerOfTwo(scale, -exponent);
    if (zeroPoint === 0 && Math.abs(ratio - 1) < POWER_TOLERANCE) return exponent;
  }
  const range = `2^${CELL_EXPONENT_MIN} to 2^${CELL_EXPONENT_MAX}`;
  return context.refuse(`has a cell state of scale ${scale} and zero point ${zeroPoint}, not of ${range} and 0`);
}

function multiplierOf(context: PrepareContext, factor: number): QuantisedMultiplier {
  if (!(factor > 0 && factor < Infinity)) context.refuse(`changes the scale by a factor of ${factor}`);
  return quantiseMultiplier(factor);
}

function signed(bytes: Uint8Array): Int8Array {
  return new Int8Array(bytes.buffer, bytes.byteOffset, bytes.length);
}
