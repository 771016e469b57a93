import {
  IMAGE_OUTPUT,
  INPUT,
  OUT_WIDE,
  OUTPUT,
  ROW_COUNT,
  ROW_IMAGES,
  ROW_OUTPUT,
  ROW_VALUES,
  TABLE,
} from './records';

/** An elementwise function of a dense int8 tensor as a table of its 256 values. */
export function lookup(record: usize): void {
  const wide = load<i32>(record, OUT_WIDE) != 0;
  const table = load<usize>(record, TABLE) + (wide ? 256 : 128);
  const values = load<usize>(record, ROW_VALUES);
  const rows = load<usize>(record, ROW_COUNT);
  const images = load<usize>(record, ROW_IMAGES);
  let from = load<usize>(record, INPUT);
  for (let image: usize = 0; image < images; image++) {
    for (let row: usize = 0; row < rows; row++) {
      let to = load<usize>(record, OUTPUT) + image * load<usize>(record, IMAGE_OUTPUT) + row * load<usize>(record, ROW_OUTPUT);
      const end = from + values;
      if (wide) {
        for (; from < end; from++, to += 2) store<i16>(to, load<i16>(table + ((<usize>(<i32>load<i8>(from))) << 1)));
      } else {
        for (; from < end; from++, to++) store<i8>(to, load<i8>(table + <usize>(<i32>load<i8>(from))));
      }
    }
  }
}
