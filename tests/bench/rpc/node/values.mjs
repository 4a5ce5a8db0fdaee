// Between JavaScript's values and google.protobuf.Value as proto-loader has it.

export function fromValue(value) {
  switch (value.kind) {
    case "stringValue":
      return value.stringValue;
    case "numberValue":
      return value.numberValue;
    case "boolValue":
      return value.boolValue;
    case "structValue":
      return fromStruct(value.structValue.fields ?? {});
    case "listValue":
      return (value.listValue.values ?? []).map(fromValue);
    default:
      return null;
  }
}

function fromStruct(fields) {
  const object = {};
  for (const key in fields) object[key] = fromValue(fields[key]);
  return object;
}

export function toValue(any) {
  switch (typeof any) {
    case "string":
      return { stringValue: any };
    case "number":
      return { numberValue: any };
    case "boolean":
      return { boolValue: any };
    default:
      if (any === null || any === undefined) return { nullValue: 0 };
      if (Array.isArray(any)) return { listValue: { values: any.map(toValue) } };
      return { structValue: { fields: toFields(any) } };
  }
}

function toFields(object) {
  const fields = {};
  for (const key in object) fields[key] = toValue(object[key]);
  return fields;
}
