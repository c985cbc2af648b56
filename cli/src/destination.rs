//! Where projects lie: a local folder, or an R2 bucket through its S3 interface.

use std::{fmt, path::PathBuf, str::FromStr, sync::Arc};

use anyhow::{Context as _, bail};
use object_store::{
    ObjectStore,
    aws::{AmazonS3Builder, S3ConditionalPut},
    local::LocalFileSystem,
    prefix::PrefixStore,
};

/// A folder or bucket that holds projects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Destination {
    /// A local folder.
    Folder(PathBuf),
    /// A bucket, and the prefix of all keys in it.
    Bucket {
        /// Its name.
        bucket: String,
        /// Empty for none.
        prefix: String,
    },
}

impl FromStr for Destination {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let Some(rest) = text.strip_prefix("r2://") else {
            return if text.contains("://") {
                Err("write a folder, or r2://BUCKET[/PREFIX]".to_owned())
            } else {
                Ok(Self::Folder(PathBuf::from(text)))
            };
        };
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        if bucket.is_empty() {
            return Err("the bucket is missing: r2://BUCKET[/PREFIX]".to_owned());
        }
        Ok(Self::Bucket {
            bucket: bucket.to_owned(),
            prefix: prefix.trim_matches('/').to_owned(),
        })
    }
}

impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder(folder) => write!(f, "{}", folder.display()),
            Self::Bucket { bucket, prefix } if prefix.is_empty() => write!(f, "r2://{bucket}"),
            Self::Bucket { bucket, prefix } => write!(f, "r2://{bucket}/{prefix}"),
        }
    }
}

impl Destination {
    /// The store of all projects.
    pub fn open(&self) -> anyhow::Result<Arc<dyn ObjectStore>> {
        match self {
            Self::Folder(folder) => {
                let failed = || format!("The folder `{}` cannot be used", folder.display());
                std::fs::create_dir_all(folder).with_context(failed)?;
                Ok(Arc::new(
                    LocalFileSystem::new_with_prefix(folder).with_context(failed)?,
                ))
            }
            Self::Bucket { bucket, prefix } => {
                let store = r2(bucket)?;
                Ok(if prefix.is_empty() {
                    Arc::new(store)
                } else {
                    Arc::new(PrefixStore::new(store, prefix.as_str()))
                })
            }
        }
    }

    /// The store of one project.
    pub fn open_project(&self, project: &ProjectId) -> anyhow::Result<Arc<dyn ObjectStore>> {
        Ok(Arc::new(PrefixStore::new(self.open()?, project.0.as_str())))
    }
}

/// R2 speaks S3: the endpoint is the account's, the region is always `auto`, conditional puts go by etag.
fn r2(bucket: &str) -> anyhow::Result<object_store::aws::AmazonS3> {
    let variable = |name: &str| match std::env::var(name) {
        Ok(value) if !value.is_empty() => Ok(value),
        _ => bail!("r2:// needs the environment variable {name}, which is not set"),
    };
    let endpoint = match std::env::var("R2_ENDPOINT") {
        Ok(endpoint) if !endpoint.is_empty() => endpoint,
        _ => format!(
            "https://{}.r2.cloudflarestorage.com",
            variable("R2_ACCOUNT_ID")?
        ),
    };
    AmazonS3Builder::new()
        .with_bucket_name(bucket)
        .with_region("auto")
        .with_allow_http(endpoint.starts_with("http://"))
        .with_endpoint(endpoint)
        .with_access_key_id(variable("R2_ACCESS_KEY_ID")?)
        .with_secret_access_key(variable("R2_SECRET_ACCESS_KEY")?)
        .with_conditional_put(S3ConditionalPut::ETagMatch)
        .build()
        .with_context(|| format!("The bucket `{bucket}` cannot be used"))
}

/// The id of a project, which is the name of its folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProjectId(String);

impl ProjectId {
    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ProjectId {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        if text.is_empty() || text.len() > 64 || !text.bytes().all(is_plain) {
            return Err("a project's id has 1 to 64 letters, digits, `-` or `_`".to_owned());
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for ProjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

    use super::*;

    #[test]
    fn a_destination_is_a_folder_or_a_bucket() {
        assert_eq!(
            "data/lake".parse(),
            Ok(Destination::Folder(PathBuf::from("data/lake")))
        );
        let bucket: Destination = "r2://lake/one/two/".parse().unwrap();
        assert_eq!(
            bucket,
            Destination::Bucket {
                bucket: "lake".to_owned(),
                prefix: "one/two".to_owned()
            }
        );
        assert_eq!(bucket.to_string(), "r2://lake/one/two");
        assert!("s3://lake".parse::<Destination>().is_err());
        assert!("r2://".parse::<Destination>().is_err());
    }

    #[test]
    fn a_project_id_cannot_leave_its_folder() {
        assert!("shop-1_a".parse::<ProjectId>().is_ok());
        for bad in ["", "..", "a/b", "a b", "ä"] {
            assert!(bad.parse::<ProjectId>().is_err(), "{bad}");
        }
    }
}
