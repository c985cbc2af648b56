//! Which tools a connection's address asks for: `/mcp?toolsets=web,events&tools=query&project=ID`.

use thiserror::Error;

use crate::family::{Family, Product};
use crate::nearest::{did_you_mean, listed};
use crate::tool::About;

/// The part of the list a connection wants to see. It shortens the list, and does not take a permission away.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Narrowing {
    toolsets: Vec<Toolset>,
    tools: Vec<String>,
    project: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Toolset {
    All,
    Family(Family),
    Product(Product),
}

/// An address that asks for what there is not.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct NarrowingError(String);

impl Narrowing {
    /// What the parameters `toolsets`, `tools` and `project` ask for; `names` are all tools' names and aliases.
    ///
    /// # Errors
    /// A toolset or tool that does not exist, named together with those that do.
    pub(crate) fn read(
        toolsets: Option<&str>,
        tools: Option<&str>,
        project: Option<&str>,
        names: &[&'static str],
    ) -> Result<Self, NarrowingError> {
        let toolsets = parts(toolsets)
            .map(Toolset::named)
            .collect::<Result<_, _>>()?;
        let tools = parts(tools)
            .map(|name| match names.contains(&name) {
                true => Ok(name.to_owned()),
                false => Err(NarrowingError(format!(
                    "`tools` in the address names `{}`, which is no tool.{} There are: {}.",
                    short(name),
                    did_you_mean(name, names.iter().copied()),
                    listed(names.iter().copied(), 100)
                ))),
            })
            .collect::<Result<_, _>>()?;
        let project = project
            .map(str::trim)
            .filter(|id| !id.is_empty())
            .map(str::to_owned);
        Ok(Self {
            toolsets,
            tools,
            project,
        })
    }

    /// The pinned project's id.
    pub fn project(&self) -> Option<&str> {
        self.project.as_deref()
    }

    /// The names under which a tool is listed.
    pub(crate) fn names_of(&self, about: &About) -> Vec<&'static str> {
        let own = [about.name].into_iter().chain(about.aliases());
        if self.toolsets.is_empty() && self.tools.is_empty() {
            return vec![about.name];
        }
        let mut names: Vec<&'static str> = Vec::new();
        for name in own {
            let asked = self.tools.iter().any(|tool| tool == name)
                || self.toolsets.iter().any(|toolset| match toolset {
                    Toolset::All => true,
                    Toolset::Family(family) => *family == about.family && name == about.name,
                    Toolset::Product(product) => about.products.contains(&(*product, name)),
                });
            if asked && !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }
}

impl Toolset {
    fn named(name: &str) -> Result<Self, NarrowingError> {
        let families = Family::ALL
            .into_iter()
            .map(|family| (family.name(), Self::Family(family)));
        let products = Product::ALL
            .into_iter()
            .map(|product| (product.toolset(), Self::Product(product)));
        let mut all: Vec<(&str, Self)> = families.chain(products).collect();
        all.push(("all", Self::All));
        all.iter()
            .find(|(known, _)| *known == name)
            .map(|(_, toolset)| *toolset)
            .ok_or_else(|| {
                let names = || all.iter().map(|(name, _)| *name);
                NarrowingError(format!(
                    "`toolsets` in the address names `{}`, which is no toolset.{} There are: {}.",
                    short(name),
                    did_you_mean(name, names()),
                    listed(names(), 100)
                ))
            })
    }
}

fn parts(list: Option<&str>) -> impl Iterator<Item = &str> {
    list.unwrap_or_default()
        .split(',')
        .map(str::trim)
        .filter(|part| !part.is_empty())
}

fn short(name: &str) -> String {
    name.chars().take(60).collect()
}
