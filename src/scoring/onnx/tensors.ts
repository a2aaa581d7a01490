import { unfit } from './refusal.js';
import { BFLOAT16, DOUBLE, FLOAT, FLOAT16, INT32, INT64, STRING, type TensorMessage } from './proto.js';

/** Bytes of one element of a tensor, by element type of onnx.proto; complex, 8-bit float and 4-bit types are not supported. */
const ELEMENT_BYTES = new Map([[FLOAT, 4], [2, 1], [3, 1], [4, 2], [5, 2], [INT32, 4], [INT64, 8], [9, 1], [FLOAT16, 2], [DOUBLE, 8], [12, 4], [13, 8], [BFLOAT16, 2]]);

/** Elements of the largest tensor: 64 MB of float32. */
export const MAX_ELEMENTS = 16 * 1024 * 1024;

/** Exponent bits that are all ones in infinities and NaN. */
const HALF_EXPONENT = 0x7c00;
const BRAIN_EXPONENT = 0x7f80;

export const nameOf = ({ name }: TensorMessage): string => (name === undefined || name === '' ? 'a constant' : `the weights "${name}"`);

export function elementsOf(tensor: TensorMessage): number {
  const dims = tensor.dims ?? [];
  if (dims.some((d) => !Number.isSafeInteger(d) || d < 0)) throw unfit(`${nameOf(tensor)} have the shape [${dims.join(', ')}]; a dimension is a whole number from 0`);
  const elements = dims.reduce((product, d) => product * d, 1);
  if (elements > MAX_ELEMENTS) throw unfit(`${nameOf(tensor)} declare ${elements} numbers and at most ${MAX_ELEMENTS} are allowed; export a smaller model`);
  return elements;
}

/** Numbers kept in the typed list that belongs to the element type. */
function listed(tensor: TensorMessage): ArrayLike<unknown> {
  switch (tensor.data_type) {
    case FLOAT: return tensor.float_data ?? [];
    case DOUBLE: return tensor.double_data ?? [];
    case INT64: return tensor.int64_data ?? [];
    case 12: case 13: return tensor.uint64_data ?? [];
    case STRING: return tensor.string_data ?? [];
    default: return tensor.int32_data ?? [];
  }
}

function storedElements(tensor: TensorMessage): number {
  const raw = tensor.raw_data?.byteLength ?? 0;
  const list = listed(tensor).length;
  const bytes = ELEMENT_BYTES.get(tensor.data_type ?? 0);
  if (tensor.data_type === STRING && raw === 0) return list;
  if (bytes === undefined) throw unfit(`${nameOf(tensor)} are stored as element type ${tensor.data_type ?? 0}, which is not supported; export them as float32`);
  return raw > 0 && list > 0 ? Number.NaN : raw > 0 ? raw / bytes : list;
}

function every(size: number, { raw_data: raw = new Uint8Array() }: TensorMessage, test: (view: DataView, at: number) => boolean): boolean {
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
  for (let at = 0; at + size <= raw.byteLength; at += size) if (!test(view, at)) return false;
  return true;
}

function valuesFinite(tensor: TensorMessage): boolean {
  const type = tensor.data_type;
  const exponent = type === FLOAT16 ? HALF_EXPONENT : type === BFLOAT16 ? BRAIN_EXPONENT : 0;
  const finiteBits = (bits: number): boolean => (bits & exponent) !== exponent;
  if (type === FLOAT && !every(4, tensor, (view, at) => Number.isFinite(view.getFloat32(at, true)))) return false;
  if (type === DOUBLE && !every(8, tensor, (view, at) => Number.isFinite(view.getFloat64(at, true)))) return false;
  if (exponent !== 0 && !(every(2, tensor, (view, at) => finiteBits(view.getUint16(at, true))) && (tensor.int32_data ?? []).every(finiteBits))) return false;
  return (tensor.float_data ?? []).every(Number.isFinite) && (tensor.double_data ?? []).every(Number.isFinite);
}

/** One stored tensor: inside the file, exactly as many numbers as its shape declares, all finite. @throws BAD_INPUT */
export function checkTensor(tensor: TensorMessage): void {
  const name = nameOf(tensor);
  if ((tensor.external_data?.length ?? 0) > 0 || (tensor.data_location ?? 0) !== 0) throw unfit(`${name} lie in another file; export with all weights inside`);
  if (tensor.segment !== undefined) throw unfit(`${name} are cut into segments; export each tensor whole`);
  const declared = elementsOf(tensor);
  const stored = storedElements(tensor);
  if (stored !== declared) throw unfit(`${name} declare ${declared} numbers but hold ${Number.isInteger(stored) ? stored : 'another amount'}; upload the exported file unchanged`);
  if (!valuesFinite(tensor)) throw unfit(`${name} hold NaN or infinity; train the model again`);
}

/** Most integers that are followed through a graph: shapes and axes are short. */
const MAX_INTEGERS = 64;

/** The values of a short integer or boolean tensor; undefined for any other. */
export function integersOfTensor(tensor: TensorMessage): number[] | undefined {
  const { data_type: type, raw_data: raw = new Uint8Array() } = tensor;
  if (elementsOf(tensor) > MAX_INTEGERS || ![INT32, INT64, 9].includes(type ?? 0)) return undefined;
  if (raw.byteLength === 0) return Array.from(listed(tensor) as ArrayLike<number>);
  const values: number[] = [];
  every(ELEMENT_BYTES.get(type!)!, tensor, (view, at) => values.push(type === INT64 ? Number(view.getBigInt64(at, true)) : type === INT32 ? view.getInt32(at, true) : view.getUint8(at)) > 0);
  return values;
}
