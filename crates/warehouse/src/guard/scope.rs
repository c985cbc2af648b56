//! Which names mean what, at one point of the walk.
//!
//! Names of CTEs decide what a table name refers to, so they are exact. Columns are followed only to foresee their size; where
//! it is not certain which one is meant, the largest is taken.

use std::collections::HashMap;

use super::size::Size;

/// What a query gives to whoever reads from it.
#[derive(Debug, Clone)]
pub(super) struct Relation {
    /// Sizes of the columns whose names are known.
    named: HashMap<String, Size>,
    /// Size of the others.
    rest: Size,
    /// Tables read, with CTEs written out.
    pub reads: u64,
}

impl Relation {
    /// A table of the project.
    pub fn table() -> Self {
        Self {
            named: HashMap::new(),
            rest: Size::ONE,
            reads: 1,
        }
    }

    /// No columns, nothing read.
    pub fn empty() -> Self {
        Self {
            named: HashMap::new(),
            rest: Size::ONE,
            reads: 0,
        }
    }

    /// Adds a column. One of the same name keeps the larger size.
    pub fn add(&mut self, name: Option<String>, size: Size) {
        match name {
            Some(name) => {
                let known = self.named.entry(name).or_insert(size);
                *known = known.max(size);
            }
            None => self.rest = self.rest.max(size),
        }
    }

    /// Adds every column of `other`.
    pub fn add_all(&mut self, other: &Self) {
        for (name, size) in &other.named {
            self.add(Some(name.clone()), *size);
        }
        self.rest = self.rest.max(other.rest);
    }

    /// The largest of its columns.
    pub fn widest(&self) -> Size {
        self.named.values().copied().fold(self.rest, Size::max)
    }

    /// The same, its columns named anew: any of the new names may stand for any column.
    pub fn renamed(&self, names: impl IntoIterator<Item = String>) -> Self {
        let widest = self.widest();
        let mut renamed = Self {
            named: HashMap::new(),
            rest: widest,
            reads: self.reads,
        };
        for name in names {
            renamed.add(Some(name), widest);
        }
        renamed
    }

    /// This one united with `other`: its names, and the larger of any two sizes.
    pub fn united(mut self, other: &Self) -> Self {
        let widest = other.widest();
        for size in self.named.values_mut() {
            *size = size.max(widest);
        }
        self.rest = self.rest.max(widest);
        self.add_all(other);
        self.reads = self.reads.saturating_add(other.reads);
        self
    }

    fn column(&self, name: &str) -> Size {
        self.named.get(name).copied().unwrap_or(self.rest)
    }
}

/// The names that one query, or one `SELECT` in it, adds to those around it.
#[derive(Debug, Default)]
struct Level {
    ctes: Vec<(String, Relation)>,
    relations: Vec<Relation>,
}

/// All names in force, innermost last.
#[derive(Debug, Default)]
pub(super) struct Scope {
    levels: Vec<Level>,
}

impl Scope {
    /// Enters a query or `SELECT`.
    pub fn enter(&mut self) {
        self.levels.push(Level::default());
    }

    /// Leaves it; its names are gone.
    pub fn leave(&mut self) {
        self.levels.pop();
    }

    /// The CTE of that name, if one is in force.
    pub fn cte(&self, name: &str) -> Option<&Relation> {
        let of_level = |level: &'_ Level| level.ctes.iter().position(|(cte, _)| cte == name);
        self.levels.iter().rev().find_map(|level| {
            of_level(level)
                .and_then(|at| level.ctes.get(at))
                .map(|(_, relation)| relation)
        })
    }

    /// The names of all CTEs in force.
    pub fn cte_names(&self) -> impl Iterator<Item = &str> {
        self.levels
            .iter()
            .flat_map(|level| &level.ctes)
            .map(|(name, _)| name.as_str())
    }

    /// Puts a CTE in force for what follows at this level.
    pub fn add_cte(&mut self, name: String, relation: Relation) {
        if let Some(level) = self.levels.last_mut() {
            level.ctes.push((name, relation));
        }
    }

    /// Makes a relation's columns known at this level.
    pub fn add_relation(&mut self, relation: Relation) {
        if let Some(level) = self.levels.last_mut() {
            level.relations.push(relation);
        }
    }

    /// The relations of this level.
    pub fn relations(&self) -> impl Iterator<Item = &Relation> {
        self.levels
            .last()
            .into_iter()
            .flat_map(|level| &level.relations)
    }

    /// The size of a column of which `parts` are the name: the largest it may have.
    pub fn column(&self, parts: &[String]) -> Size {
        let relations = self.levels.iter().flat_map(|level| &level.relations);
        relations
            .flat_map(|relation| parts.iter().map(|part| relation.column(part)))
            .fold(Size::ONE, Size::max)
    }
}
