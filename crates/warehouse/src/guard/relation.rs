//! `FROM`: which tables a statement reads, and how it joins them.

use sqlparser::ast::{
    Join, JoinConstraint, JoinOperator, ObjectName, ObjectNamePart, TableAlias,
    TableAliasColumnDef, TableFactor, TableWithJoins,
};
use sqlparser::tokenizer::Span;

use super::error::{GuardError, Place, quoted};
use super::rules::SqlDialect;
use super::scope::Relation;
use super::walk::Walk;

const PLAIN_FROM: &str =
    "Read from a table, a subquery in parentheses, a name defined by WITH, or unnest(list).";
/// What ClickHouse takes after a table for more than an alias, and the parser does not.
const MODIFIERS: [&str; 10] = [
    "ALL", "ANTI", "ANY", "ARRAY", "ASOF", "FINAL", "GLOBAL", "PASTE", "SAMPLE", "SEMI",
];
const PLAIN_JOIN: &str = "Use INNER, LEFT, RIGHT, FULL or CROSS JOIN with ON or USING.";

impl Walk<'_> {
    /// Checks a `FROM` item, makes its columns known at this level, and counts what it reads.
    pub(super) fn table_with_joins(&mut self, tables: &TableWithJoins) -> Result<u64, GuardError> {
        let TableWithJoins { relation, joins } = tables;
        let mut reads = self.table_factor(relation)?;
        for join in joins {
            let Join {
                relation,
                global,
                join_operator,
            } = join;
            if *global {
                return Err(GuardError::not_allowed("`GLOBAL JOIN`", PLAIN_JOIN));
            }
            self.count_join()?;
            reads = reads.saturating_add(self.table_factor(relation)?);
            self.join_operator(join_operator)?;
        }
        Ok(reads)
    }

    /// Counts a join as written.
    pub(super) fn count_join(&mut self) -> Result<(), GuardError> {
        self.joins += 1;
        if self.joins > self.rules.limits.joins {
            return Err(GuardError::too_complex(
                format!("it joins more than {} times", self.rules.limits.joins),
                "Aggregate each side first, or read the table once with FILTER or CASE.",
            ));
        }
        Ok(())
    }

    fn table_factor(&mut self, factor: &TableFactor) -> Result<u64, GuardError> {
        let relation = match factor {
            TableFactor::Table {
                name,
                alias,
                args,
                with_hints,
                version,
                with_ordinality,
                partitions,
                json_path,
                sample,
                index_hints,
            } => {
                if args.is_some() {
                    return Err(GuardError::not_allowed(
                        format!("the table function `{}`", quoted(name)),
                        PLAIN_FROM,
                    )
                    .placed(span(name)));
                }
                if sample.is_some() {
                    return Err(tablesample());
                }
                if !with_hints.is_empty()
                    || version.is_some()
                    || *with_ordinality
                    || !partitions.is_empty()
                    || json_path.is_some()
                    || !index_hints.is_empty()
                {
                    return Err(GuardError::not_allowed(
                        format!(
                            "a hint, version, path or partition after the table `{}`",
                            quoted(name)
                        ),
                        PLAIN_FROM,
                    )
                    .placed(span(name)));
                }
                let relation = self.table(name)?;
                self.aliased(relation, alias.as_ref())?
            }
            TableFactor::Derived {
                lateral,
                subquery,
                alias,
                sample,
            } => {
                if *lateral {
                    return Err(lateral_refusal());
                }
                if sample.is_some() {
                    return Err(tablesample());
                }
                let relation = self.subquery(subquery)?;
                self.aliased(relation, alias.as_ref())?
            }
            TableFactor::UNNEST {
                alias,
                array_exprs,
                with_offset,
                with_offset_alias,
                with_ordinality,
            } => {
                if *with_offset || with_offset_alias.is_some() || *with_ordinality {
                    return Err(GuardError::not_allowed(
                        "`UNNEST … WITH OFFSET` or `WITH ORDINALITY`",
                        "Number rows with row_number() OVER (…).",
                    ));
                }
                let mut relation = Relation::empty();
                for expression in array_exprs {
                    let size = self.expression(expression)?;
                    relation.add(None, size);
                }
                self.aliased(relation, alias.as_ref())?
            }
            TableFactor::NestedJoin {
                table_with_joins,
                alias,
            } => {
                if alias.is_some() {
                    return Err(GuardError::not_allowed(
                        "an alias for a join in parentheses",
                        "Name its tables instead.",
                    ));
                }
                // Its tables become known at this level one by one.
                return self.deeper(|walk| walk.table_with_joins(table_with_joins));
            }
            TableFactor::Function { lateral: true, .. } => return Err(lateral_refusal()),
            TableFactor::Function { name, .. } => {
                return Err(GuardError::not_allowed(
                    format!("the table function `{}`", quoted(name)),
                    PLAIN_FROM,
                )
                .placed(span(name)));
            }
            TableFactor::TableFunction { .. } => {
                return Err(GuardError::not_allowed("`TABLE(…)`", PLAIN_FROM));
            }
            TableFactor::JsonTable { .. } => {
                return Err(GuardError::not_allowed("`JSON_TABLE`", PLAIN_FROM));
            }
            TableFactor::OpenJsonTable { .. } => {
                return Err(GuardError::not_allowed("`OPENJSON`", PLAIN_FROM));
            }
            TableFactor::XmlTable { .. } => {
                return Err(GuardError::not_allowed("`XMLTABLE`", PLAIN_FROM));
            }
            TableFactor::SemanticView { .. } => {
                return Err(GuardError::not_allowed("`SEMANTIC_VIEW`", PLAIN_FROM));
            }
            TableFactor::MatchRecognize { .. } => {
                return Err(GuardError::not_allowed(
                    "`MATCH_RECOGNIZE`",
                    "Use window functions, or the get_funnel tool.",
                ));
            }
            TableFactor::Pivot { .. } => {
                return Err(GuardError::not_allowed(
                    "`PIVOT`",
                    "Use one aggregate with FILTER (WHERE …) for each column.",
                ));
            }
            TableFactor::Unpivot { .. } => {
                return Err(GuardError::not_allowed(
                    "`UNPIVOT`",
                    "Use UNION ALL of one SELECT for each column.",
                ));
            }
        };
        let reads = relation.reads;
        self.scope.add_relation(relation);
        Ok(reads)
    }

    fn table(&self, name: &ObjectName) -> Result<Relation, GuardError> {
        let Some(ident) = self.single(name) else {
            return Err(GuardError::QualifiedTable {
                name: quoted(name),
                place: Place::of(span(name)),
                tables: self.rules.table_names(),
            });
        };
        let folded = match ident.quote_style {
            None | Some('"' | '`') => self.name(ident)?,
            Some(_) => return Err(self.unknown_table(name, ident.span)),
        };
        if let Some(relation) = self.scope.cte(&folded) {
            return Ok(relation.clone());
        }
        if self.rules.has_table(&folded) {
            Ok(Relation::table())
        } else {
            Err(self.unknown_table(name, ident.span))
        }
    }

    /// `relation` under its alias.
    pub(super) fn aliased(
        &self,
        relation: Relation,
        alias: Option<&TableAlias>,
    ) -> Result<Relation, GuardError> {
        let Some(TableAlias {
            explicit: _,
            name,
            columns,
            at,
        }) = alias
        else {
            return Ok(relation);
        };
        self.name(name)?;
        let written = name.value.to_uppercase();
        if self.rules.dialect == SqlDialect::ClickHouse
            && name.quote_style.is_none()
            && MODIFIERS.contains(&written.as_str())
        {
            return Err(GuardError::not_allowed(
                format!("`{written}` after a table"),
                "Leave it out, or put an alias of that name in double quotes.",
            )
            .placed(name.span));
        }
        if at.is_some() {
            return Err(GuardError::not_allowed(
                "`AT` after an alias",
                "Number rows with row_number() OVER (…).",
            ));
        }
        if columns.is_empty() {
            return Ok(relation);
        }
        let mut names = Vec::with_capacity(columns.len());
        for TableAliasColumnDef { name, data_type } in columns {
            if data_type.is_some() {
                return Err(GuardError::not_allowed(
                    "a type in a list of column aliases",
                    "Cast the column instead.",
                ));
            }
            names.push(self.name(name)?);
        }
        Ok(relation.renamed(names))
    }

    fn join_operator(&mut self, operator: &JoinOperator) -> Result<(), GuardError> {
        let constraint = match operator {
            JoinOperator::Join(constraint)
            | JoinOperator::Inner(constraint)
            | JoinOperator::Left(constraint)
            | JoinOperator::LeftOuter(constraint)
            | JoinOperator::Right(constraint)
            | JoinOperator::RightOuter(constraint)
            | JoinOperator::FullOuter(constraint)
            | JoinOperator::CrossJoin(constraint)
            | JoinOperator::LeftSemi(constraint)
            | JoinOperator::RightSemi(constraint)
            | JoinOperator::LeftAnti(constraint)
            | JoinOperator::RightAnti(constraint) => constraint,
            JoinOperator::Semi(_) | JoinOperator::Anti(_) => {
                return Err(GuardError::not_allowed(
                    "`SEMI JOIN` without a side",
                    "Write LEFT SEMI JOIN or LEFT ANTI JOIN.",
                ));
            }
            JoinOperator::CrossApply | JoinOperator::OuterApply => return Err(lateral_refusal()),
            JoinOperator::AsOf { .. } => {
                return Err(GuardError::not_allowed("`ASOF JOIN`", PLAIN_JOIN));
            }
            JoinOperator::StraightJoin(_) => {
                return Err(GuardError::not_allowed("`STRAIGHT_JOIN`", PLAIN_JOIN));
            }
            JoinOperator::ArrayJoin
            | JoinOperator::LeftArrayJoin
            | JoinOperator::InnerArrayJoin => {
                return Err(GuardError::not_allowed(
                    "`ARRAY JOIN`",
                    "Unnest the list in the SELECT list of a subquery.",
                ));
            }
        };
        match constraint {
            JoinConstraint::On(expression) => {
                self.expression(expression)?;
            }
            JoinConstraint::Using(columns) => {
                for column in columns {
                    let Some(ident) = self.single(column) else {
                        return Err(GuardError::not_allowed(
                            "a qualified column in `USING`",
                            PLAIN_JOIN,
                        ));
                    };
                    self.name(ident)?;
                }
            }
            JoinConstraint::Natural | JoinConstraint::None => {}
        }
        Ok(())
    }
}

/// Where a name begins.
pub(super) fn span(name: &ObjectName) -> Span {
    match name.0.first() {
        Some(ObjectNamePart::Identifier(ident)) => ident.span,
        Some(ObjectNamePart::Function(function)) => function.name.span,
        None => Span::empty(),
    }
}

fn tablesample() -> GuardError {
    GuardError::not_allowed(
        "`TABLESAMPLE`",
        "Filter by a range of time instead; every answer here is exact.",
    )
}

fn lateral_refusal() -> GuardError {
    GuardError::not_allowed(
        "`LATERAL` or `APPLY`",
        "Join with a subquery that groups by the key.",
    )
}
