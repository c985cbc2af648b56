//! The operator's brand, from the deployment's configuration.

use thiserror::Error;

use crate::colour::Colour;

/// Name, logo, colour and support of the service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Brand {
    name: String,
    slug: String,
    logo: Logo,
    accent: Colour,
    support: Option<String>,
}

/// What stands before the name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Logo {
    /// Sightline's own mark, in the text's colour.
    Mark,
    /// An image: a path of this host, or a `data:image/…` URL.
    Image(String),
}

/// Why a brand cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum BrandRefused {
    /// The name is empty or longer than 40 characters.
    #[error("the brand's name must have 1 to 40 characters")]
    Name,
    /// Another host's image would be blocked by the content security policy.
    #[error("the brand's logo must be a path of this host or a data:image/ URL")]
    Logo,
    /// Not `#rrggbb`.
    #[error("the brand's colour must be written #rrggbb")]
    Colour,
    /// Not a link to somewhere.
    #[error("the brand's support link must begin with https:// or mailto:")]
    Support,
}

impl Default for Brand {
    fn default() -> Self {
        Self {
            name: "Sightline".to_owned(),
            slug: "sightline".to_owned(),
            logo: Logo::Mark,
            accent: Colour::rgb(0x0f, 0x76, 0x6e),
            support: None,
        }
    }
}

impl Brand {
    /// The brand with these; what is left out is Sightline's own.
    ///
    /// # Errors
    /// [`BrandRefused`] names what cannot be used.
    pub fn configured(
        name: Option<&str>,
        logo: Option<&str>,
        accent: Option<&str>,
        support: Option<&str>,
    ) -> Result<Self, BrandRefused> {
        let mut brand = Self::default();
        if let Some(name) = name.map(str::trim) {
            if !(1..=40).contains(&name.chars().count()) || name.chars().any(char::is_control) {
                return Err(BrandRefused::Name);
            }
            brand.name = name.to_owned();
            brand.slug = slug(name);
        }
        if let Some(logo) = logo {
            let own = logo.starts_with('/') && !logo.starts_with("//");
            if !own && !logo.starts_with("data:image/") {
                return Err(BrandRefused::Logo);
            }
            brand.logo = Logo::Image(logo.to_owned());
        }
        if let Some(accent) = accent {
            brand.accent = Colour::parse(accent).ok_or(BrandRefused::Colour)?;
        }
        if let Some(support) = support {
            if !support.starts_with("https://") && !support.starts_with("mailto:") {
                return Err(BrandRefused::Support);
            }
            brand.support = Some(support.to_owned());
        }
        Ok(brand)
    }

    /// The name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The name as clients write it in their configuration: lower-case letters, digits and hyphens.
    pub fn slug(&self) -> &str {
        &self.slug
    }

    /// The logo.
    pub fn logo(&self) -> &Logo {
        &self.logo
    }

    /// The colour of what can be pressed.
    pub fn accent(&self) -> Colour {
        self.accent
    }

    /// Where to turn for help.
    pub fn support(&self) -> Option<&str> {
        self.support.as_deref()
    }
}

/// At most 24 characters: clients bound the length of server and tool names together.
fn slug(name: &str) -> String {
    let mut slug = String::new();
    for c in name.to_lowercase().chars() {
        if c.is_ascii_alphanumeric() {
            slug.push(c);
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    let slug: String = slug.chars().take(24).collect();
    match slug.trim_matches('-') {
        "" => "analytics".to_owned(),
        slug => slug.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_brand_takes_only_what_a_page_can_show_safely() {
        let with = |name, logo, accent, support| {
            Brand::configured(name, logo, accent, support).map(|brand| brand.slug)
        };
        assert_eq!(
            with(
                Some("Acme & Söhne Analytics"),
                Some("/logo.svg"),
                Some("#ff0066"),
                Some("mailto:help@acme.example")
            ),
            Ok("acme-s-hne-analytics".to_owned())
        );
        assert_eq!(
            with(Some("李"), None, None, None),
            Ok("analytics".to_owned())
        );
        assert_eq!(with(Some(" "), None, None, None), Err(BrandRefused::Name));
        assert_eq!(
            with(None, Some("https://cdn.example/logo.svg"), None, None),
            Err(BrandRefused::Logo)
        );
        assert_eq!(
            with(None, Some("//cdn.example/logo.svg"), None, None),
            Err(BrandRefused::Logo)
        );
        assert_eq!(
            with(None, None, Some("#fff;}body{display:none"), None),
            Err(BrandRefused::Colour)
        );
        assert_eq!(
            with(None, None, None, Some("javascript:alert(1)")),
            Err(BrandRefused::Support)
        );
    }
}
