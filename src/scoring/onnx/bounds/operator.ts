import { unfit } from '../refusal.js';
import type { AttributeMessage, NodeMessage } from '../proto.js';
import { integersOfTensor } from '../tensors.js';
import { numberOf, volume, type Shape, type Size } from './size.js';

/** What is known of a value without running the graph. */
export interface Fact {
  /** Undefined when even the number of axes is open; `size` bounds it all the same. */
  readonly shape: Shape | undefined;
  /** Numbers in it. */
  readonly size: Size;
  /** The numbers themselves, flat, for small integer tensors such as shapes. */
  readonly contents?: readonly (Size | undefined)[] | undefined;
}

export const factOf = (shape: Shape, contents?: Fact['contents']): Fact => ({ shape, size: volume(shape), contents });

/** One node with what is known of its inputs. */
export class Operator {
  private readonly attributes: ReadonlyMap<string, AttributeMessage>;

  constructor(
    readonly node: NodeMessage,
    readonly inputs: readonly (Fact | undefined)[],
  ) {
    this.attributes = new Map((node.attribute ?? []).map((attribute) => [attribute.name, attribute]));
  }

  get name(): string {
    return this.node.op_type;
  }

  get outputs(): number {
    return this.node.output?.length ?? 0;
  }

  attribute(name: string): AttributeMessage | undefined {
    return this.attributes.get(name);
  }

  int(name: string, otherwise: number): number {
    const attribute = this.attributes.get(name);
    return attribute === undefined ? otherwise : (attribute.i ?? 0);
  }

  ints(name: string): number[] | undefined {
    const attribute = this.attributes.get(name);
    return attribute && (attribute.ints ?? []);
  }

  text(name: string, otherwise: string): string {
    const bytes = this.attributes.get(name)?.s;
    return bytes === undefined ? otherwise : Buffer.from(bytes).toString();
  }

  input(i: number): Fact {
    return this.inputs[i] ?? this.refuse('lacks an input');
  }

  shape(i: number): Shape {
    return this.input(i).shape ?? this.refuse('reads a tensor whose number of axes is open');
  }

  /** Integers known beforehand: an attribute of old operator sets or an input of new ones. Undefined when absent. */
  integers(attribute: string, input: number): readonly (Size | undefined)[] | undefined {
    const stored = this.ints(attribute);
    if (stored !== undefined) return stored.map((factor) => ({ factor, degree: 0, loose: false }));
    if (this.inputs[input] === undefined) return undefined;
    return this.inputs[input].contents ?? this.refuse(`takes its ${attribute} from the data`);
  }

  /** The same as plain numbers, which no batch changes. */
  numbers(attribute: string, input: number): number[] | undefined {
    return this.integers(attribute, input)?.map((size) => numberOf(size) ?? this.refuse(`takes its ${attribute} from the data`));
  }

  /** Integers of a tensor attribute, such as the value of a Constant. */
  tensorIntegers(name: string): number[] | undefined {
    const tensor = this.attributes.get(name)?.t;
    return tensor && integersOfTensor(tensor);
  }

  /** An axis counted from the front, within `rank` axes. */
  axis(value: number, rank: number): number {
    const axis = value < 0 ? value + rank : value;
    return Number.isInteger(axis) && axis >= 0 && axis < rank ? axis : this.refuse(`names the axis ${value} of ${rank}`);
  }

  refuse(why: string): never {
    throw unfit(`the operator ${this.name} "${this.node.output?.[0] ?? ''}" ${why}, so that the memory of a row cannot be bounded; export with fixed shapes, the number of rows alone being free`);
  }
}

/** The fact of a value that an output names. @throws BAD_INPUT when nothing gives it */
export const requireKnown = (facts: ReadonlyMap<string, Fact>, name: string): Fact => {
  const fact = facts.get(name);
  if (fact === undefined) throw unfit(`nothing gives its output "${name}"; export the whole graph`);
  return fact;
};
