//! What a tool has at hand while it answers: one project, its data, the time, and nothing else.

use std::rc::Rc;

use serde::de::DeserializeOwned;
use std::cell::Cell;

use sightline_warehouse::{
    Calendar, InstantMs, Limits, Presence, ProjectSchema, Query, ResultSet, Statement, Warehouse,
};

use crate::cursor::Cursor;
use crate::environment::Environment;
use crate::failure::{Failure, Mistake};
use crate::filters::{Conditions, Filters};
use crate::interval::instant;
use crate::numbers::major_units;
use crate::project::Project;
use crate::range::{DateRange, Range};

/// A call about one project.
pub(crate) struct Context<'a> {
    /// The project.
    pub(crate) project: &'a Project,
    /// When the question was first asked, in ms since 1970 UTC; for a later page, when the first was.
    pub(crate) asked_at_ms: InstantMs,
    /// Where to read on, for a later page.
    pub(crate) cursor: Option<Cursor>,
    /// Everything else the host gave.
    pub(crate) environment: &'a Environment<'a>,
    warehouse: Rc<dyn Warehouse>,
    answered: Cell<u64>,
    sampled_one_in: Cell<u64>,
}

impl<'a> Context<'a> {
    /// A call about `project`, whose data is `warehouse`.
    pub(crate) fn new(
        project: &'a Project,
        warehouse: Rc<dyn Warehouse>,
        cursor: Option<Cursor>,
        environment: &'a Environment<'a>,
    ) -> Self {
        // A cursor cannot have been made later than now.
        let asked_at_ms = cursor.as_ref().map_or(environment.now_ms, |cursor| {
            cursor.asked_at_ms.min(environment.now_ms)
        });
        Self {
            project,
            asked_at_ms,
            cursor,
            environment,
            warehouse,
            answered: Cell::new(0),
            sampled_one_in: Cell::new(1),
        }
    }

    /// The project's days, weeks and months.
    pub(crate) fn calendar(&self) -> &Calendar {
        &self.project.calendar
    }

    /// The range meant by `startDate` and `endDate`.
    pub(crate) fn range(&self, given: &DateRange) -> Result<Range, Mistake> {
        given.resolve(&self.project.calendar, self.asked_at_ms)
    }

    /// The filters, understood, and what they read there.
    pub(crate) async fn conditions(&self, filters: &Filters) -> Result<Conditions, Failure> {
        let conditions = filters.conditions(self.project)?;
        self.check(&conditions).await?;
        Ok(conditions)
    }

    /// The filters, understood, where only profiles and their groups can be asked.
    pub(crate) async fn conditions_on_profiles(
        &self,
        filters: &Filters,
    ) -> Result<Conditions, Failure> {
        let conditions = filters.of_profiles(self.project)?;
        self.check(&conditions).await?;
        Ok(conditions)
    }

    async fn check(&self, conditions: &Conditions) -> Result<(), Failure> {
        for table in conditions.tables() {
            if !self.has_table(table).await? {
                let prefix = table.trim_end_matches('s');
                return Err(Mistake::new(format!(
                    "This project has no {table}, so nothing can be filtered by `{prefix}.…`."
                ))
                .next("`get_schema` lists what it has.")
                .into());
            }
        }
        Ok(())
    }

    /// A statement to write.
    pub(crate) fn query(&self) -> Query<'_> {
        Query::new(self.warehouse.dialect())
    }

    /// The dialect's name, for whoever writes SQL.
    pub(crate) fn dialect_name(&self) -> &'static str {
        self.warehouse.dialect().name()
    }

    /// The rows a statement answers.
    pub(crate) async fn rows<T: DeserializeOwned>(
        &self,
        statement: Statement,
    ) -> Result<Vec<T>, Failure> {
        Ok(self.run(statement).await?.decode()?)
    }

    /// The only row a statement answers.
    pub(crate) async fn row<T: DeserializeOwned>(
        &self,
        statement: Statement,
    ) -> Result<T, Failure> {
        Ok(self.run(statement).await?.decode_one()?)
    }

    /// What a statement answers, cell by cell.
    pub(crate) async fn run(&self, statement: Statement) -> Result<ResultSet, Failure> {
        let answer = self.warehouse.run(statement, &Limits::default()).await?;
        self.step(&answer);
        Ok(answer)
    }

    /// What a user's SQL answers: rows `offset..offset + rows`.
    pub(crate) async fn run_sql(
        &self,
        sql: &str,
        offset: usize,
        rows: usize,
    ) -> Result<ResultSet, Failure> {
        let answer = self
            .warehouse
            .run_sql(sql, offset, rows, &Limits::default())
            .await?;
        self.step(&answer);
        Ok(answer)
    }

    /// Whether the project has a table of that name.
    pub(crate) async fn has_table(&self, name: &str) -> Result<bool, Failure> {
        Ok(self.warehouse.presence(name).await? != Presence::Absent)
    }

    /// Whether sessions follow from events, so that where there are no events there are no sessions.
    pub(crate) async fn derives_sessions(&self) -> Result<bool, Failure> {
        Ok(self.warehouse.presence("sessions").await? == Presence::Derived)
    }

    /// The project's tables and columns.
    pub(crate) async fn schema(&self) -> Result<ProjectSchema, Failure> {
        Ok(self.warehouse.schema().await?)
    }

    /// An instant the warehouse answered, if it did.
    pub(crate) fn newest(&self, text: Option<&String>) -> Result<Option<InstantMs>, Failure> {
        text.map(|text| instant(text)).transpose()
    }

    /// An instant the warehouse answered, with the project's offset.
    pub(crate) fn local(&self, text: &str) -> Result<String, Failure> {
        Ok(self.project.calendar.rfc3339(instant(text)?))
    }

    /// An amount in minor units in major ones.
    pub(crate) fn money(&self, minor: i64) -> f64 {
        major_units(minor, &self.project.currency)
    }

    /// That distinct counts are estimates, and how good ones, if any were.
    pub(crate) fn sampled(&self) -> Option<String> {
        let one_in = self.sampled_one_in.get();
        (one_in > 1).then(|| {
            let error = |count: u64| 100.0 * ((one_in - 1) as f64 / count as f64).sqrt();
            format!(
                "There are too many values to count them exactly: distinct counts are approximate, estimated from one value in {one_in}. \
                 Standard error: {:.1} % of a count of 10,000, {:.2} % of one of a million. A shorter range is counted exactly.",
                error(10_000),
                error(1_000_000)
            )
        })
    }

    fn step(&self, answer: &ResultSet) {
        let one_in = self.sampled_one_in.get().max(answer.sampled_one_in);
        self.sampled_one_in.set(one_in);
        self.answered.set(self.answered.get() + 1);
        if let Some(progress) = self.environment.progress {
            progress(self.answered.get());
        }
    }
}
