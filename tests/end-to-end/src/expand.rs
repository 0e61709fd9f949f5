//! Macros of scenarios: long texts, long lists, and what depends on the store.

use anyhow::{Context as _, bail};
use serde_json::Value;

use crate::backing::Backing;

/// Expands the macros of a scenario.
pub(crate) struct Expand<'a> {
    pub(crate) backing: &'a Backing,
    pub(crate) prefix: &'a str,
}

impl Expand<'_> {
    /// `value` with its macros expanded.
    pub(crate) fn value(&self, value: &Value) -> anyhow::Result<Value> {
        Ok(match value {
            Value::String(text) => self.text(text),
            Value::Array(items) => {
                Value::Array(items.iter().map(|item| self.value(item)).collect::<Result<_, _>>()?)
            }
            Value::Object(object) => {
                if let Some((name, content)) = object.iter().find(|(name, _)| is_macro(name)) {
                    return self.expanded(name, content, value);
                }
                let pairs = object
                    .iter()
                    .map(|(name, value)| anyhow::Ok((name.clone(), self.value(value)?)));
                Value::Object(pairs.collect::<Result<_, _>>()?)
            }
            other => other.clone(),
        })
    }

    fn expanded(&self, name: &str, content: &Value, whole: &Value) -> anyhow::Result<Value> {
        match name {
            "@repeat" => {
                let (text, times) = pair(content)?;
                Ok(text.as_str().context("no text to repeat")?.repeat(times).into())
            }
            "@list" => {
                let (item, times) = pair(content)?;
                (1..=times).map(|number| self.value(&numbered(item, number))).collect()
            }
            _ => {
                let here = format!("@{}", self.backing.name());
                self.value(whole.get(&here).with_context(|| format!("{whole} has no {here}"))?)
            }
        }
    }

    fn text(&self, text: &str) -> Value {
        let port = self.backing.port();
        if text == "${port}" {
            return port.into();
        }
        text.replace("${port}", &port.to_string()).replace("${prefix}", self.prefix).into()
    }
}

fn is_macro(name: &str) -> bool {
    ["@repeat", "@list", "@embedded", "@redis"].contains(&name)
}

fn pair(content: &Value) -> anyhow::Result<(&Value, usize)> {
    match content.as_array().map(Vec::as_slice) {
        Some([what, times]) => {
            let times = times.as_u64().with_context(|| format!("{times} is no number of times"))?;
            Ok((what, usize::try_from(times)?))
        }
        _ => bail!("{content} is not what, and how often"),
    }
}

/// `item` with its number in place of each `#`.
fn numbered(item: &Value, number: usize) -> Value {
    match item {
        Value::String(text) => text.replace('#', &number.to_string()).into(),
        Value::Array(items) => items.iter().map(|item| numbered(item, number)).collect(),
        Value::Object(object) => {
            let pair = |(name, value): (&String, &Value)| (name.clone(), numbered(value, number));
            Value::Object(object.iter().map(pair).collect())
        }
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn macros_are_expanded() {
        let expand = Expand { backing: &Backing::Embedded, prefix: "p:" };
        for (short, long) in [
            (json!({ "@repeat": ["ab", 3] }), json!("ababab")),
            (json!({ "@list": [["k#", "#"], 2] }), json!([["k1", "1"], ["k2", "2"]])),
            (json!({ "a": [{ "@repeat": ["x", 2] }] }), json!({ "a": ["xx"] })),
            (json!({ "@embedded": "${prefix}k", "@redis": 1 }), json!("p:k")),
            (json!(["${port}", "at ${port}"]), json!([0, "at 0"])),
        ] {
            assert_eq!(expand.value(&short).expect("it is right"), long);
        }
        for wrong in [json!({ "@repeat": "x" }), json!({ "@redis": 1 }), json!({ "@list": [1] })] {
            assert!(expand.value(&wrong).is_err(), "{wrong}");
        }
    }
}
