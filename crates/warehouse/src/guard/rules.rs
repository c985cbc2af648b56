//! What a statement is checked against: the project's tables, the engine's functions, and how much is too much.

use super::clickhouse_functions::aggregate;

/// The engine whose SQL the statement is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SqlDialect {
    /// DataFusion: names without quotes are folded to lower case.
    DataFusion,
    /// ClickHouse: names are taken as written.
    ClickHouse,
}

impl SqlDialect {
    /// The name the engine will look up for an identifier written as `name`.
    pub(super) fn fold(self, name: &str, quoted: bool) -> String {
        match self {
            Self::DataFusion if !quoted => name.to_lowercase(),
            Self::DataFusion | Self::ClickHouse => name.to_owned(),
        }
    }
}

/// Bounds on a statement, all of them checked before it is planned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SqlLimits {
    /// Length of the text, in bytes.
    pub bytes: usize,
    /// Words, numbers, operators and punctuation marks.
    pub tokens: usize,
    /// Brackets of any kind open at once.
    pub nesting: usize,
    /// How deep expressions, subqueries and joins in parentheses lie in one another.
    pub depth: usize,
    /// How deep the tree may become by chaining: `a + b + c + …` is as deep as it is long.
    pub chain: usize,
    /// Operators in the whole statement.
    pub operators: usize,
    /// Subqueries and CTEs open at once.
    pub subquery_depth: usize,
    /// `JOIN`s, commas in `FROM`, in the whole statement as written.
    pub joins: usize,
    /// `UNION`, `INTERSECT`, `EXCEPT` in the whole statement as written.
    pub set_operations: usize,
    /// Table reads once every CTE stands in place of its name.
    pub reads: u64,
    /// Expression nodes once every CTE and every column of a subquery stands in place of its name.
    pub nodes: u64,
    /// How many times longer than a stored value a computed text or list may become.
    pub growth: u64,
    /// Groupings that `ROLLUP`, `CUBE` and `GROUPING SETS` multiply out to.
    pub groupings: u64,
}

impl Default for SqlLimits {
    fn default() -> Self {
        Self {
            bytes: 64 << 10,
            tokens: 12_000,
            nesting: 24,
            depth: 36,
            chain: 200,
            operators: 1_000,
            subquery_depth: 8,
            joins: 12,
            set_operations: 24,
            reads: 32,
            nodes: 20_000,
            growth: 128,
            groupings: 64,
        }
    }
}

/// What a statement may name, and how large it may be.
#[derive(Debug, Clone, Copy)]
pub struct Rules<'a> {
    /// The engine's SQL.
    pub dialect: SqlDialect,
    /// The tables of the one project the statement will run for, as the engine knows them.
    pub tables: &'a [&'a str],
    /// The functions that may be called, sorted: [`super::DATAFUSION_FUNCTIONS`] or [`super::clickhouse_functions`].
    pub functions: &'a [&'a str],
    /// How large the statement may be.
    pub limits: SqlLimits,
}

impl<'a> Rules<'a> {
    /// The rules for a project over DataFusion, with the default limits.
    pub fn datafusion(tables: &'a [&'a str]) -> Self {
        Self {
            dialect: SqlDialect::DataFusion,
            tables,
            functions: super::DATAFUSION_FUNCTIONS,
            limits: SqlLimits::default(),
        }
    }

    /// The rules for a project in ClickHouse, with the default limits.
    pub fn clickhouse(tables: &'a [&'a str]) -> Self {
        Self {
            dialect: SqlDialect::ClickHouse,
            tables,
            functions: super::clickhouse_functions(),
            limits: SqlLimits::default(),
        }
    }

    /// The name under which the allow-list knows a function written as `name`: an aggregate without its combinators. ClickHouse spells
    /// some of its functions in any case and some in one only; the list says which by containing the name as written or in lower case.
    pub(super) fn function_key(&self, name: &str, quoted: bool) -> Option<String> {
        let listed = |key: &str| self.functions.binary_search(&key).is_ok();
        let folded = self.dialect.fold(name, quoted);
        if listed(&folded) {
            return Some(folded);
        }
        if self.dialect != SqlDialect::ClickHouse {
            return None;
        }
        let lower = name.to_ascii_lowercase();
        if listed(&lower) {
            return Some(lower);
        }
        aggregate(name)
            .filter(|base| listed(base))
            .map(str::to_owned)
    }

    /// Whether the engine would find the project's table under `folded`.
    pub(super) fn has_table(&self, folded: &str) -> bool {
        self.tables.contains(&folded)
    }

    /// The allowed names, for a message.
    pub(super) fn table_names(&self) -> Vec<String> {
        self.tables.iter().map(|name| (*name).to_owned()).collect()
    }

    /// Up to two of `names` that someone who wrote `name` may have meant, the nearest first.
    pub(super) fn nearest<'n>(name: &str, names: impl IntoIterator<Item = &'n str>) -> Vec<String> {
        const ALIKE: f64 = 0.8;
        let name: String = name.chars().take(64).flat_map(char::to_lowercase).collect();
        let mut scored: Vec<(f64, &str)> = names
            .into_iter()
            .map(|candidate| {
                (
                    strsim::jaro_winkler(&name, &candidate.to_lowercase()),
                    candidate,
                )
            })
            .filter(|(score, _)| *score >= ALIKE)
            .collect();
        scored.sort_by(|(a, first), (b, second)| b.total_cmp(a).then_with(|| first.cmp(second)));
        scored
            .into_iter()
            .take(2)
            .map(|(_, candidate)| candidate.to_owned())
            .collect()
    }
}
