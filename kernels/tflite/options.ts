/** How one field of an options table is stored. Enumerations of the schema are `i8` (or `i32` where it says so). */
export type OptionKind = 'i8' | 'i32' | 'i64' | 'f32' | 'bool' | 'text' | 'i32s' | 'f32s';

export interface OptionField {
  readonly name: string;
  readonly kind: OptionKind;
  /** Value of an absent field, for the few that do not default to zero. */
  readonly absent: number;
}

export interface OptionsLayout {
  readonly name: string;
  readonly fields: readonly OptionField[];
}

const CONVOLUTION = 'padding:i8 strideW:i32 strideH:i32';
const ACTIVATION = 'fusedActivation:i8';

/**
 * The whole `BuiltinOptions` union of the TFLite schema (tensorflow/lite/schema/schema.fbs, v3c), in its order: the
 * line number is the union type, the fields are in slot order. It is data so that a reader without knowledge of an
 * operator still keeps its options, and adding an operator needs nothing here. `_` fields are deprecated slots.
 */
const UNION = `
Conv2D ${CONVOLUTION} ${ACTIVATION} dilationW:i32=1 dilationH:i32=1 quantizedBiasType:i8
DepthwiseConv2D ${CONVOLUTION} depthMultiplier:i32 ${ACTIVATION} dilationW:i32=1 dilationH:i32=1
ConcatEmbeddings numChannels:i32 numColumnsPerChannel:i32s embeddingDimPerChannel:i32s
LSHProjection type:i8
Pool2D ${CONVOLUTION} filterWidth:i32 filterHeight:i32 ${ACTIVATION}
SVDF rank:i32 ${ACTIVATION} asymmetricQuantizeInputs:bool
RNN ${ACTIVATION} asymmetricQuantizeInputs:bool
FullyConnected ${ACTIVATION} weightsFormat:i8 keepNumDims:bool asymmetricQuantizeInputs:bool quantizedBiasType:i8
Softmax beta:f32
Concatenation axis:i32 ${ACTIVATION}
Add ${ACTIVATION} potScaleInt16:bool=1
L2Norm ${ACTIVATION}
LocalResponseNormalization radius:i32 bias:f32 alpha:f32 beta:f32
LSTM ${ACTIVATION} cellClip:f32 projClip:f32 kernelType:i8 asymmetricQuantizeInputs:bool
ResizeBilinear _newHeight:i32 _newWidth:i32 alignCorners:bool halfPixelCenters:bool
Call subgraph:i32
Reshape newShape:i32s
SkipGram ngramSize:i32 maxSkipSize:i32 includeAllNgrams:bool
SpaceToDepth blockSize:i32
EmbeddingLookupSparse combiner:i8
Mul ${ACTIVATION}
Pad
Gather axis:i32 batchDims:i32
BatchToSpaceND
SpaceToBatchND
Transpose
Reducer keepDims:bool
Sub ${ACTIVATION} potScaleInt16:bool=1
Div ${ACTIVATION}
Squeeze squeezeDims:i32s
SequenceRNN timeMajor:bool ${ACTIVATION} asymmetricQuantizeInputs:bool
StridedSlice beginMask:i32 endMask:i32 ellipsisMask:i32 newAxisMask:i32 shrinkAxisMask:i32 offset:bool
Exp
TopKV2
Split numSplits:i32
LogSoftmax
Cast inDataType:i8 outDataType:i8
Dequantize
MaximumMinimum
ArgMax outputType:i8
Less
Neg
PadV2
Greater
GreaterEqual
LessEqual
Select
Slice
TransposeConv ${CONVOLUTION} ${ACTIVATION} quantizedBiasType:i8
SparseToDense validateIndices:bool
Tile
ExpandDims
Equal
NotEqual
Shape outType:i8
Pow
ArgMin outputType:i8
FakeQuant min:f32 max:f32 numBits:i32 narrowRange:bool
Pack valuesCount:i32 axis:i32
LogicalOr
OneHot axis:i32
LogicalAnd
LogicalNot
Unpack num:i32 axis:i32
FloorDiv
Square
ZerosLike
Fill
BidirectionalSequenceLSTM ${ACTIVATION} cellClip:f32 projClip:f32 mergeOutputs:bool timeMajor:bool=1 asymmetric:bool
BidirectionalSequenceRNN timeMajor:bool ${ACTIVATION} mergeOutputs:bool asymmetricQuantizeInputs:bool
UnidirectionalSequenceLSTM ${ACTIVATION} cellClip:f32 projClip:f32 timeMajor:bool asymmetric:bool diagonal:bool
FloorMod
Range
ResizeNearestNeighbor alignCorners:bool halfPixelCenters:bool
LeakyRelu alpha:f32
SquaredDifference
MirrorPad mode:i8
Abs
SplitV numSplits:i32
Unique idxOutType:i8=2
ReverseV2
AddN
GatherNd
Cos
Where
Rank
ReverseSequence seqDim:i32 batchDim:i32
MatrixDiag
Quantize
MatrixSetDiag
HardSwish
If thenSubgraphIndex:i32 elseSubgraphIndex:i32
While condSubgraphIndex:i32 bodySubgraphIndex:i32
DepthToSpace blockSize:i32
NonMaxSuppressionV4
NonMaxSuppressionV5
ScatterNd
SelectV2
Densify
SegmentSum
BatchMatMul adjX:bool adjY:bool asymmetricQuantizeInputs:bool
Cumsum exclusive:bool reverse:bool
CallOnce initSubgraphIndex:i32
BroadcastTo
Rfft2d
Conv3D padding:i8 strideD:i32 strideW:i32 strideH:i32 ${ACTIVATION} dilationD:i32=1 dilationW:i32=1 dilationH:i32=1
Hashtable tableId:i32 keyDtype:i8 valueDtype:i8
HashtableFind
HashtableImport
HashtableSize
VarHandle container:text sharedName:text
ReadVariable
AssignVariable
Random seed:i64 seed2:i64
Bucketize boundaries:f32s
Gelu approximate:bool
DynamicUpdateSlice
UnsortedSegmentProd
UnsortedSegmentMax
UnsortedSegmentMin
UnsortedSegmentSum
ATan2
Sign
Bitcast
BitwiseXor
RightShift
`;

function parseField(text: string): OptionField {
  const [name, rest] = text.split(':');
  const [kind, absent] = rest!.split('=');
  return { name: name!, kind: kind as OptionKind, absent: Number(absent ?? 0) };
}

function parseLayout(line: string): OptionsLayout {
  const [name, ...fields] = line.split(' ');
  return { name: name!, fields: fields.map(parseField) };
}

/** Layout of each options table; index = union type − 1 (type 0 is "no options"). */
export const OPTIONS_LAYOUTS: readonly OptionsLayout[] = UNION.trim().split('\n').map(parseLayout);

/** Number of the options union member `name`, e.g. `FullyConnected` -> 8. */
export function optionsType(name: string): number {
  return OPTIONS_LAYOUTS.findIndex((layout) => layout.name === name) + 1;
}
