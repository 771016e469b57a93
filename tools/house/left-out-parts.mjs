/**
 * Functions of packages that the node never calls, and decisions in them that always fall the same way for it: see
 * leave-out.mjs. A function that is called nevertheless says that it was left out.
 */
export const PARTS_LEFT_OUT = {
  // We read streams cell by cell: no browsers, workers, guessed dialects, header rows, typed values, writing of CSV.
  'papaparse/papaparse.js': {
    functions: [
      ...['getWorkerBlob', 'newWorker', 'mainThreadReceivedMessage', 'workerThreadReceivedMessage', 'completeWorker'],
      ...['JsonToCsv', 'NetworkStreamer', 'FileStreamer', 'StringStreamer', 'DuplexStreamStreamer'],
      ...['_config.step', 'guessDelimiter', 'this.guessLineEndings', 'fillHeaderFields', 'parseDynamic'],
      ...['shouldApplyDynamicTyping', 'testEmptyLine', 'doStep', 'this.pause', 'this.resume'],
    ],
    tests: { 'isFunction(_config.step)': false, IS_PAPA_WORKER: false },
  },
  // Our programs have commands of their own, not programs beside them, and read options as `opts()` has them.
  'commander/lib/command.js': {
    functions: [
      ...['_checkForMissingExecutable', '_executeSubCommand', 'executableDir', 'hook', 'addHelpCommand'],
      ...['storeOptionsAsProperties', 'passThroughOptions', 'enablePositionalOptions', 'allowExcessArguments'],
      ...['combineFlagAndOptionalValue', '_conflictingOption', 'addHelpOption'],
    ],
    tests: {
      'subCommand._executableHandler': false,
      'this._storeOptionsAsProperties': false,
      'this._passThroughOptions': false,
      'this._enablePositionalOptions || this._passThroughOptions': false,
      'this._allowExcessArguments': false,
    },
  },
  // Records, packed values, bundled strings and clones are extensions of cbor-x that protocols/cbor-scan.ts lets
  // through neither way, keys are texts, and native extraction is off (protocols/codec.ts).
  'cbor-x/encode.js': {
    functions: [
      ...['this.mapEncode', 'this.findCommonStringsToPack', 'encodeObjectAsIterable', 'encodeObjectAsAsyncIterable'],
      ...['startEncoding', 'tryEncode', 'restartEncoding', 'updateSharedData', 'clearSharedData', 'useBuffer'],
      ...['findRepetitiveStrings', 'insertIds', 'writeBundles'],
    ],
    tests: {
      sharedValues: false,
      sharedStructures: false,
      packedObjectMap: false,
      bundledStrings: false,
      referenceMap: false,
      hasSharedUpdate: false,
      throwOnIterable: false,
      'encoder.useSelfDescribedHeader': false,
      'encoder.structuredClone': false,
      'encoder.bundleStrings': false,
      'encoder.keyMap': false,
      'options.pack': false,
      'encodeOptions & REUSE_BUFFER_MODE': false,
      'encodeOptions & RESET_BUFFER_MODE': false,
      'encodeOptions === REUSE_BUFFER_MODE': false,
      'this.useRecords === false': true,
      'this.variableMapSize': true,
    },
  },
  'cbor-x/decode.js': {
    functions: [
      ...['createStructureReader', 'recordDefinition', 'loadShared', 'saveState', 'readBundleExt', 'packedTable'],
      ...['getPackedValues', 'combine', 'setExtractor', 'decodeScanned', 'checkScanContainer', 'decodeMultiple'],
      ...['mapDecode', 'decodeKey', 'decodeKeys', 'encodeKey', 'encodeKeys', 'readKey', 'roundFloat32'],
      ...['currentExtensions[14]', 'currentExtensions[15]', 'currentExtensions[27]', 'currentExtensions[28]'],
      ...['currentExtensions[29]', 'currentExtensions[259]', 'currentExtensions[LEGACY_RECORD_INLINE_ID]'],
      'currentExtensions[PACKED_REFERENCE_TAG_ID]',
    ],
    tests: {
      src: false,
      bundledStrings: false,
      referenceMap: false,
      'currentDecoder.keyMap': false,
      'currentDecoder.mapsAsObjects': true,
      'currentDecoder.useFloat32 > 2': false,
      'token >= BUNDLED_STRINGS_ID': false,
      'srcStringEnd >= position': false,
      'options.keyMap': false,
      'this instanceof Decoder': true,
    },
  },
  // The broker asks qlobber for matches alone.
  'qlobber/lib/qlobber.js': {
    functions: [
      ...['Qlobber.prototype.get_restorer', 'Qlobber.prototype.visit', 'Qlobber.prototype._match_iter'],
      ...['Qlobber.prototype._match_some_iter', 'VisitorStream.prototype._read'],
    ],
  },
  // mqtt-packet takes bytes out of it and searches for none.
  'bl/BufferList.js': { functions: ['BufferList.prototype.indexOf', 'BufferList.prototype._match'] },
  // The page of metrics is text, of figures without exemplars.
  'prom-client/lib/registry.js': { functions: ['merge', 'getMetricsAsJSON', 'setContentType'] },
  'prom-client/lib/histogram.js': { functions: ['startTimerWithExemplar', 'updateExemplar', 'observeWithExemplar'] },
  'prom-client/lib/counter.js': { functions: ['updateExemplar', 'incWithExemplar'] },
};
