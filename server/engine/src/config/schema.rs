//! The JSON Schema of the configuration file.

use super::claims::canonical;
use super::file::ConfigFile;
use schemars::generate::SchemaSettings;
use serde_json::Value;

/// JSON Schema (draft 7, which editors know) of the configuration file.
pub(super) fn schema() -> Value {
    let generator = SchemaSettings::draft07().into_generator();
    let mut schema = generator.into_root_schema_for::<ConfigFile>().to_value();
    if let Some(schema) = schema.as_object_mut() {
        schema.insert("title".to_owned(), "Crosscheck".into());
    }
    without_null(&mut schema);
    // The same order whatever features of the JSON library other crates ask for.
    canonical(schema)
}

/// No key can be null in TOML; that a Rust type is optional says only that the key may be missing.
fn without_null(schema: &mut Value) {
    match schema {
        Value::Object(table) => {
            if let Some(types) = table.get_mut("type")
                && let Some(list) = types.as_array_mut()
            {
                list.retain(|it| it != "null");
                if let [only] = list.as_slice() {
                    *types = only.clone();
                }
            }
            if let Some(Value::Array(list)) = table.get_mut("enum") {
                list.retain(|it| !it.is_null());
            }
            if let Some(Value::Array(choices)) = table.get_mut("anyOf") {
                choices.retain(|it| it.get("type").is_none_or(|it| it != "null"));
                if let [Value::Object(only)] = choices.as_slice() {
                    let only = only.clone();
                    table.remove("anyOf");
                    table.extend(only);
                }
            }
            if table.get("default").is_some_and(Value::is_null) {
                table.remove("default");
            }
            for (_, inner) in table.iter_mut() {
                without_null(inner);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(without_null),
        _ => {}
    }
}
