// runtime-spelling.ts — V8's functions for the slow cases of the language → what JavaScript calls that. Pure. Neighbours:
// builtin-spelling.ts, native-word-rules.ts. Names are those of src/runtime/runtime.h, V8 11.3 (Node 20) to 14.6 (Node 26).

/** What has a name of its own. */
const FUNCTIONS: Readonly<Record<string, string>> = {
  ArrayIncludes_Slow: 'Array.prototype.includes',
  ArrayIndexOf: 'Array.prototype.indexOf',
  DateCurrentTime: 'Date.now',
  DoubleToStringWithRadix: 'Number.prototype.toString',
  GetOwnPropertyDescriptor: 'Object.getOwnPropertyDescriptor',
  GetOwnPropertyDescriptorObject: 'Object.getOwnPropertyDescriptor',
  GetOwnPropertyKeys: 'Reflect.ownKeys',
  MapGrow: 'Map.prototype.set',
  NewArray: 'new Array',
  NumberToStringSlow: 'Number.prototype.toString',
  ObjectAssignTryFastcase: 'Object.assign',
  ObjectCreate: 'Object.create',
  ObjectEntries: 'Object.entries',
  ObjectEntriesSkipFastPath: 'Object.entries',
  ObjectGetOwnPropertyNames: 'Object.getOwnPropertyNames',
  ObjectGetOwnPropertyNamesTryFast: 'Object.getOwnPropertyNames',
  ObjectHasOwnProperty: 'Object.prototype.hasOwnProperty',
  ObjectKeys: 'Object.keys',
  ObjectValues: 'Object.values',
  ObjectValuesSkipFastPath: 'Object.values',
  SetDataProperties: 'Object.assign',
  SetGrow: 'Set.prototype.add',
  StringCharCodeAt: 'String.prototype.charCodeAt',
  StringCodePointAt: 'String.prototype.codePointAt',
  StringLastIndexOf: 'String.prototype.lastIndexOf',
  StringParseFloat: 'parseFloat',
  StringParseInt: 'parseInt',
  StringReplaceOneCharWithString: 'String.prototype.replace',
  StringSplit: 'String.prototype.split',
  StringSubstring: 'String.prototype.substring',
  StringToLocaleLowerCase: 'String.prototype.toLocaleLowerCase',
  StringToLowerCaseIntl: 'String.prototype.toLowerCase',
  StringToUpperCaseIntl: 'String.prototype.toUpperCase',
  TypedArraySet: 'TypedArray.prototype.set',
  TypedArraySortFast: 'TypedArray.prototype.sort',
}

/** And what has none. */
const SYNTAX: readonly (readonly [RegExp, string])[] = [
  [/^(?:Create|New)Object(?:Literal)?(?:Without|$)/, '(object literal)'],
  [/^CreateArrayLiteral/, '(array literal)'],
  [/^(?:CopyDataProperties|CloneObject)/, '(object spread)'],
  [
    /^(?:CreateDataProperty|StoreCallbackProperty|InternalizeString|DefineKeyedOwnPropertyInLiteral)/,
    '(property access)',
  ],
  [/^(?:HasProperty|HasInPrototypeChain)$/, '(property access)'],
  [/^DefineClass$/, '(class)'],
  [/^ForIn/, '(for in)'],
  [/^(?:GrowArrayElements|TransitionElementsKind)/, '(array growth)'],
  [/^(?:StringAdd|StringBuilderConcat|FlattenString|Add(?:$|Lhs|Rhs))/, '(string concatenation)'],
  [
    /^(?:String(?:Compare|Equal|Less|Greater)|Strict(?:Not)?Equal$|Equal$|(?:Less|Greater)Than)/,
    '(comparison)',
  ],
  [/^(?:StringToNumber|ToNumber|ToNumeric|ToString|ToName)$/, '(conversion)'],
  [/^WeakCollection/, 'WeakMap'],
]

/** `Object.keys` for `ObjectKeys`; null for what says nothing to who writes JavaScript. */
export function spellingOfRuntime(name: string): string | null {
  if (Object.hasOwn(FUNCTIONS, name)) return FUNCTIONS[name] ?? null
  return SYNTAX.find(([pattern]) => pattern.test(name))?.[1] ?? null
}
