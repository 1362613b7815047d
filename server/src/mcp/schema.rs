//! JSON schemas of the tools, in one piece each: clients handle `$ref` unevenly.

use std::sync::Arc;

use rmcp::model::JsonObject;
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Value, json};

/// The schema of a type.
pub fn of<T: JsonSchema>() -> JsonObject {
    let generator = SchemaSettings::draft2020_12()
        .with(|settings| settings.inline_subschemas = true)
        .into_generator();
    match generator.into_root_schema_for::<T>().to_value() {
        Value::Object(object) => object,
        // `true` and `false` are schemas too; a struct never has one of these.
        _ => JsonObject::new(),
    }
}

/// Lets a property take only these values.
pub fn restrict(schema: &mut JsonObject, property: &str, values: &[&str]) {
    if let Some(Value::Object(property)) = schema
        .get_mut("properties")
        .and_then(|properties| properties.get_mut(property))
    {
        property.insert("enum".to_owned(), json!(values));
    }
}

/// Shares a schema.
pub fn shared(schema: JsonObject) -> Arc<JsonObject> {
    Arc::new(schema)
}

/// A whole number from 0 on, or its digits.
pub fn count(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "anyOf": [
            { "type": "integer", "minimum": 0 },
            { "type": "string", "pattern": "^[0-9]+$", "maxLength": 20 }
        ]
    })
}

/// Any 64-bit number, or its digits.
pub fn seed(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "anyOf": [
            { "type": "integer" },
            { "type": "string", "pattern": "^-?[0-9]+$", "maxLength": 20 }
        ]
    })
}
