//! The method table: a request's method and params become a call with typed fields.
//!
//! A known method with malformed params is −32602, never −32601: rmcp's untagged enum lets such a
//! request fall through to "custom method". Members a method does not define are ignored, as the
//! schema leaves params open; what a *tool* makes of its arguments is the tool's business.

use rmcp::model::{CompleteRequestParams, JsonObject, ProgressToken};
use serde::Deserialize;
use serde_json::Value;

use crate::failure::{Failure, cut};
use crate::message::RawRequest;
use crate::revision::Revision;

/// What a client asks for.
#[derive(Debug)]
pub(crate) enum Call {
    Initialize {
        requested: String,
    },
    Ping,
    Discover,
    ListTools {
        cursor: Option<String>,
    },
    RunTool {
        name: String,
        arguments: JsonObject,
        progress_token: Option<ProgressToken>,
    },
    ListResources {
        cursor: Option<String>,
    },
    ListResourceTemplates {
        cursor: Option<String>,
    },
    ReadResource {
        uri: String,
    },
    ListPrompts {
        cursor: Option<String>,
    },
    GetPrompt {
        name: String,
        arguments: Vec<(String, String)>,
    },
    Complete(Box<CompleteRequestParams>),
}

/// The parts of the protocol that are offered. An undeclared one has no methods.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capabilities {
    /// `tools/list`, `tools/call`
    pub tools: bool,
    /// `resources/list`, `resources/templates/list`, `resources/read`
    pub resources: bool,
    /// `prompts/list`, `prompts/get`
    pub prompts: bool,
    /// `completion/complete`
    pub completions: bool,
}

impl Default for Capabilities {
    fn default() -> Self {
        Self {
            tools: true,
            resources: true,
            prompts: true,
            completions: true,
        }
    }
}

impl Call {
    /// Reads a request of the given revision.
    pub fn read(
        request: &mut RawRequest,
        revision: Revision,
        offered: Capabilities,
    ) -> Result<Self, Failure> {
        let modern = revision.is_modern();
        let raw = request.params.take();
        // Read only once the method is known, so that an unknown one is always −32601.
        let params = || Params::read(raw, modern);
        match request.method.as_str() {
            "initialize" if !modern => params()?.initialize(),
            "ping" if !modern => params().map(|_| Self::Ping),
            "server/discover" if modern => params().map(|_| Self::Discover),
            "tools/list" if offered.tools => Ok(Self::ListTools {
                cursor: params()?.cursor()?,
            }),
            "tools/call" if offered.tools => params()?.call_tool(),
            "resources/list" if offered.resources => Ok(Self::ListResources {
                cursor: params()?.cursor()?,
            }),
            "resources/templates/list" if offered.resources => Ok(Self::ListResourceTemplates {
                cursor: params()?.cursor()?,
            }),
            "resources/read" if offered.resources => params()?.read_resource(),
            "prompts/list" if offered.prompts => Ok(Self::ListPrompts {
                cursor: params()?.cursor()?,
            }),
            "prompts/get" if offered.prompts => params()?.get_prompt(),
            "completion/complete" if offered.completions => params()?.complete(),
            unknown => Err(Failure::unknown_method(modern, unknown)),
        }
    }
}

/// The params of a request whose `_meta` is in order.
struct Params {
    members: JsonObject,
    progress_token: Option<ProgressToken>,
}

impl Params {
    fn read(params: Option<Value>, modern: bool) -> Result<Self, Failure> {
        let mut members = match params {
            None => JsonObject::new(),
            Some(Value::Object(members)) => members,
            Some(_) => return Err(Failure::invalid_params("`params` must be an object.")),
        };
        let meta = match members.remove("_meta") {
            None => JsonObject::new(),
            Some(Value::Object(meta)) => meta,
            Some(_) => {
                return Err(Failure::malformed_meta(
                    modern,
                    "`_meta` must be an object.",
                ));
            }
        };
        let progress_token = match meta.get("progressToken") {
            None | Some(Value::Null) => None,
            Some(token) => Some(ProgressToken::deserialize(token).map_err(|_| {
                let message = "`_meta.progressToken` must be a string or an integer.";
                Failure::malformed_meta(modern, message)
            })?),
        };
        Ok(Self {
            members,
            progress_token,
        })
    }

    /// `capabilities` and `clientInfo` are the client's own account of itself; nothing here depends
    /// on them, so leaving them out does no harm.
    fn initialize(mut self) -> Result<Call, Failure> {
        self.object("capabilities")?;
        self.object("clientInfo")?;
        Ok(Call::Initialize {
            requested: self.text("protocolVersion")?,
        })
    }

    fn call_tool(mut self) -> Result<Call, Failure> {
        Ok(Call::RunTool {
            name: self.text("name")?,
            arguments: self.object("arguments")?.unwrap_or_default(),
            progress_token: self.progress_token,
        })
    }

    fn read_resource(mut self) -> Result<Call, Failure> {
        Ok(Call::ReadResource {
            uri: self.text("uri")?,
        })
    }

    fn get_prompt(mut self) -> Result<Call, Failure> {
        let name = self.text("name")?;
        let arguments = self.object("arguments")?.unwrap_or_default();
        let arguments = arguments
            .into_iter()
            .map(|(key, value)| match value {
                Value::String(value) => Ok((key, value)),
                _ => Err(Failure::invalid_params(
                    "Every one of `arguments` must be a string.",
                )),
            })
            .collect::<Result<_, _>>()?;
        Ok(Call::GetPrompt { name, arguments })
    }

    fn complete(self) -> Result<Call, Failure> {
        serde_json::from_value(Value::Object(self.members))
            .map(|params| Call::Complete(Box::new(params)))
            .map_err(|fault| {
                Failure::invalid_params(format!("Invalid params: {}.", cut(&fault.to_string())))
            })
    }

    /// A cursor of the wrong type is an invalid cursor, not an absent one.
    fn cursor(mut self) -> Result<Option<String>, Failure> {
        match self.optional("cursor") {
            None => Ok(None),
            Some(Value::String(cursor)) => Ok(Some(cursor)),
            Some(_) => Err(Failure::invalid_cursor()),
        }
    }

    fn text(&mut self, key: &str) -> Result<String, Failure> {
        match self.members.remove(key) {
            Some(Value::String(text)) => Ok(text),
            Some(_) => Err(Failure::invalid_params(format!(
                "`{key}` must be a string."
            ))),
            None => Err(Failure::invalid_params(format!("`{key}` is missing."))),
        }
    }

    fn object(&mut self, key: &str) -> Result<Option<JsonObject>, Failure> {
        match self.optional(key) {
            None => Ok(None),
            Some(Value::Object(object)) => Ok(Some(object)),
            Some(_) => Err(Failure::invalid_params(format!(
                "`{key}` must be an object."
            ))),
        }
    }

    /// An optional member; null counts as absent, since several clients write it for "none".
    fn optional(&mut self, key: &str) -> Option<Value> {
        self.members.remove(key).filter(|value| !value.is_null())
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use rmcp::model::RequestId;
    use serde_json::json;

    use super::*;

    fn read(revision: Revision, method: &str, params: Value) -> Result<Call, Failure> {
        let mut request = RawRequest {
            id: RequestId::Number(1),
            method: method.to_owned(),
            params: Some(params),
        };
        Call::read(&mut request, revision, Capabilities::default())
    }

    fn codes(method: &str, params: &Value) -> [(u16, i32); 2] {
        [Revision::V2026_07_28, Revision::V2025_11_25].map(|revision| {
            let failure = read(revision, method, params.clone()).unwrap_err();
            (failure.status.as_u16(), failure.error.code.0)
        })
    }

    #[test]
    fn malformed_params_of_a_known_method_are_32602_and_not_32601() {
        for (method, params) in [
            ("tools/call", json!({})),
            ("tools/call", json!({"name": 5})),
            ("tools/call", json!({"name": null})),
            ("tools/call", json!({"name": "a", "arguments": []})),
            ("tools/call", json!({"name": "a", "arguments": "{}"})),
            ("tools/call", json!([])),
            ("tools/list", json!("all")),
            ("resources/read", json!({"uri": {}})),
            ("prompts/get", json!({"name": "a", "arguments": {"b": 1}})),
            ("completion/complete", json!({})),
            (
                "completion/complete",
                json!({"ref": {"type": "ref/none"}, "argument": {"name": "a", "value": "b"}}),
            ),
            (
                "completion/complete",
                json!({"ref": {"type": "ref/prompt", "name": "a"}, "argument": {"name": "a"}}),
            ),
        ] {
            assert_eq!(
                codes(method, &params),
                [(200, -32602); 2],
                "{method} {params}"
            );
        }
    }

    #[test]
    fn a_cursor_of_the_wrong_type_is_not_an_absent_cursor() {
        for method in [
            "tools/list",
            "resources/list",
            "resources/templates/list",
            "prompts/list",
        ] {
            for cursor in [json!(1), json!({}), json!(["a"]), json!(false)] {
                assert_eq!(
                    codes(method, &json!({"cursor": cursor})),
                    [(200, -32602); 2]
                );
            }
            assert!(read(Revision::V2025_11_25, method, json!({"cursor": null})).is_ok());
        }
    }

    #[test]
    fn a_malformed_meta_is_400_in_the_modern_era_only() {
        for meta in [
            json!(1),
            json!(null),
            json!({"progressToken": {}}),
            json!({"progressToken": 1.5}),
        ] {
            assert_eq!(
                codes("tools/list", &json!({"_meta": meta})),
                [(400, -32602), (200, -32602)]
            );
        }
    }

    #[test]
    fn initialize_and_ping_are_unknown_to_the_modern_era_and_discover_to_the_legacy_one() {
        for (revision, method) in [
            (Revision::V2026_07_28, "initialize"),
            (Revision::V2026_07_28, "ping"),
            (Revision::V2025_11_25, "server/discover"),
        ] {
            assert_eq!(
                read(revision, method, json!({})).unwrap_err().error.code.0,
                -32601
            );
        }
    }

    #[test]
    fn what_neither_era_offers_is_404_or_200_with_32601() {
        for method in [
            "logging/setLevel",
            "resources/subscribe",
            "subscriptions/listen",
            "tools/LIST",
            "",
        ] {
            assert_eq!(
                codes(method, &json!({})),
                [(404, -32601), (200, -32601)],
                "{method}"
            );
        }
    }

    #[test]
    fn an_undeclared_capability_has_no_methods() {
        let offered = Capabilities {
            prompts: false,
            resources: false,
            ..Capabilities::default()
        };
        for method in [
            "prompts/list",
            "prompts/get",
            "resources/list",
            "resources/read",
        ] {
            let mut request = RawRequest {
                id: RequestId::Number(1),
                method: method.to_owned(),
                params: None,
            };
            let failure = Call::read(&mut request, Revision::V2026_07_28, offered).unwrap_err();
            assert_eq!(
                (failure.status.as_u16(), failure.error.code.0),
                (404, -32601)
            );
        }
    }

    #[test]
    fn arguments_reach_the_tool_whole_with_members_nobody_knows() {
        let call = read(
            Revision::V2025_03_26,
            "tools/call",
            json!({"name": "a", "arguments": {"b": [1], "c": null}, "extra": 1, "_meta": {"progressToken": "t"}}),
        );
        let Ok(Call::RunTool {
            name,
            arguments,
            progress_token,
        }) = call
        else {
            panic!("{call:?}")
        };
        assert_eq!(name, "a");
        assert_eq!(Value::Object(arguments), json!({"b": [1], "c": null}));
        assert_eq!(
            progress_token,
            Some(ProgressToken(RequestId::String("t".into())))
        );
    }
}
