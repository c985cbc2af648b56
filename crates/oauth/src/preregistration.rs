//! Apps the operator names in the configuration.

use serde::Deserialize;
use thiserror::Error;

use crate::app::{AppOrigin, AppRecord, AuthMethod, presentable_name};
use crate::redirect::RedirectUri;
use crate::secret::SecretHash;

/// A configuration that names no apps.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PreregistrationError {
    /// It is not a JSON array of apps.
    #[error(
        "the list of apps is not a JSON array of objects with client_id, client_name and redirect_uris"
    )]
    Malformed,
    /// One app cannot be accepted.
    #[error(
        "the app {0} needs a client_id without `://`, a name, and redirect URIs that may be registered"
    )]
    Refused(String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Named {
    client_id: String,
    client_name: String,
    redirect_uris: Vec<String>,
    /// SHA-256 of its secret, 64 hexadecimal digits; a public app has none.
    client_secret_sha256: Option<String>,
}

/// The apps of a JSON array.
///
/// # Errors
/// [`PreregistrationError`].
pub fn preregistered(text: &str) -> Result<Vec<AppRecord>, PreregistrationError> {
    let named: Vec<Named> =
        serde_json::from_str(text).map_err(|_| PreregistrationError::Malformed)?;
    named.into_iter().map(record).collect()
}

fn record(named: Named) -> Result<AppRecord, PreregistrationError> {
    let refused = || PreregistrationError::Refused(named.client_id.clone());
    let uris = named.redirect_uris.iter();
    let redirect_uris: Vec<RedirectUri> = uris
        .map(|uri| RedirectUri::parse(uri).map_err(|_| refused()))
        .collect::<Result<_, _>>()?;
    let secret_hash = match &named.client_secret_sha256 {
        None => None,
        Some(hex) => Some(SecretHash::from_hex(hex).ok_or_else(refused)?),
    };
    let is_id = !named.client_id.is_empty() && !named.client_id.contains("://");
    if redirect_uris.is_empty() || !is_id {
        return Err(refused());
    }
    Ok(AppRecord {
        name: presentable_name(&named.client_name).ok_or_else(refused)?,
        origin: AppOrigin::Preregistered,
        redirect_uris,
        auth_method: match secret_hash {
            None => AuthMethod::None,
            Some(_) => AuthMethod::ClientSecretBasic,
        },
        secret_hash,
        keys: None,
        uri: None,
        expires_at_ms: None,
        id: named.client_id,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_operator_names_apps_with_and_without_a_secret() {
        let apps = preregistered(&format!(
            r#"[{{"client_id":"a","client_name":"A","redirect_uris":["https://a.example/cb"]}},
                {{"client_id":"b","client_name":"B","redirect_uris":["https://b.example/cb"],"client_secret_sha256":"{}"}}]"#,
            "0".repeat(64)
        ));
        let methods: Vec<AuthMethod> = apps
            .unwrap_or_default()
            .iter()
            .map(|app| app.auth_method)
            .collect();
        assert_eq!(methods, [AuthMethod::None, AuthMethod::ClientSecretBasic]);
    }

    #[test]
    fn what_names_no_app_is_refused_and_says_which() {
        assert_eq!(
            preregistered("{}").err(),
            Some(PreregistrationError::Malformed)
        );
        for (id, uri, hash) in [
            (
                "https://a.example/x",
                "https://a.example/cb",
                "null".to_owned(),
            ),
            ("a", "javascript:alert(1)", "null".to_owned()),
            ("a", "https://a.example/cb", "\"12\"".to_owned()),
        ] {
            let text = format!(
                r#"[{{"client_id":"{id}","client_name":"A","redirect_uris":["{uri}"],"client_secret_sha256":{hash}}}]"#
            );
            assert_eq!(
                preregistered(&text).err(),
                Some(PreregistrationError::Refused(id.to_owned()))
            );
        }
    }
}
