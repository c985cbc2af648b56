//! Asking a tool in a test: a warehouse that answers what it is told to and records what it was asked.
//!
//! Every answer is checked against its tool's output schema on the way.

#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

use std::cell::RefCell;
use std::collections::{BTreeSet, VecDeque};
use std::rc::Rc;

use async_trait::async_trait;
use serde_json::{Value as Json, json};
use sightline_warehouse::{
    Calendar, ColumnInfo, ColumnSchema, DataFusionDialect, Dialect, Limits, Presence,
    ProjectSchema, ResultSet, Scanned, Statement, TableSchema, Warehouse, WarehouseError,
    WeekStart,
};

use crate::answer::ToolAnswer;
use crate::caller::{Caller, Identity, Membership};
use crate::environment::{Environment, Site, Warehouses};
use crate::event_names::EventNames;
use crate::family::BUNDLE_SCOPE;
use crate::listing::ToolListing;
use crate::narrowing::Narrowing;
use crate::project::{Organization, Project};
use crate::tool::About;
use crate::toolbox::{CallError, Toolbox};

/// 2026-11-20T12:00:00Z.
pub(crate) const NOW_MS: i64 = 1_795_176_000_000;

/// A project with that id and timezone.
pub(crate) fn project(id: &str, timezone: &str) -> Project {
    let name = id
        .chars()
        .take(1)
        .flat_map(char::to_uppercase)
        .chain(id.chars().skip(1))
        .collect();
    Project {
        id: id.to_owned(),
        name,
        organization: Organization {
            id: "org1".into(),
            name: "Acme Inc".into(),
        },
        domain: Some(format!("{id}.com")),
        types: vec!["website".into()],
        calendar: Calendar::named(timezone, WeekStart::Monday).unwrap(),
        currency: "EUR".into(),
        warehouse: None,
        event_names: EventNames::default(),
    }
}

/// A caller who sees these projects and may do everything.
pub(crate) fn caller(projects: Vec<Project>) -> Caller {
    Caller {
        identity: Identity::ApiClient {
            id: "client1".into(),
            name: "CI".into(),
            kind: "read".into(),
        },
        signed_in_with: "API client token".into(),
        memberships: vec![Membership {
            organization: Organization {
                id: "org1".into(),
                name: "Acme Inc".into(),
            },
            role: "read".into(),
        }],
        projects,
        scopes: BTreeSet::from([BUNDLE_SCOPE.to_owned()]),
        app: None,
        expires_at_ms: None,
        remaining_this_minute: Some(59),
    }
}

/// A table with these columns, all of them there.
pub(crate) fn table(name: &str, rows: u64, columns: &[(&str, &str)]) -> TableSchema {
    TableSchema {
        name: name.into(),
        rows: Some(rows),
        covers_ms: None,
        columns: columns
            .iter()
            .map(|(name, data_type)| ColumnSchema {
                name: (*name).into(),
                data_type: (*data_type).into(),
                meaning: format!("the {name}"),
                present: true,
            })
            .collect(),
        stored: true,
    }
}

/// What that caller is listed, where every project has these tables.
pub(crate) fn listed_by(
    caller: &Caller,
    narrowing: &Narrowing,
    tables: &[&str],
) -> Vec<Rc<ToolListing>> {
    let warehouse = Rc::new(Recorded {
        schema: ProjectSchema {
            tables: tables.iter().map(|name| table(name, 0, &[])).collect(),
        },
        answers: RefCell::default(),
        broken: false,
        asked: RefCell::default(),
    });
    let environment = Environment {
        caller,
        warehouses: &One(warehouse),
        now_ms: NOW_MS,
        site: &Site::default(),
        pinned_project: narrowing.project(),
        request_id: "req_1",
        progress: None,
    };
    futures::executor::block_on(Toolbox::new().list(&environment, narrowing))
}

/// A question to a tool, and what the warehouse will answer.
pub(crate) struct Asked {
    tool: &'static str,
    arguments: Json,
    caller: Caller,
    asked_project: usize,
    schema: ProjectSchema,
    site: Site,
    answers: VecDeque<Result<ResultSet, WarehouseError>>,
    broken: bool,
}

/// What came of it.
pub(crate) struct Done {
    statements: String,
    answer: ToolAnswer,
}

impl Asked {
    /// That tool with these arguments, by a caller with one project, `acme`, in UTC.
    pub(crate) fn of(tool: &'static str, arguments: Json) -> Self {
        Self {
            tool,
            arguments,
            caller: caller(vec![project("acme", "UTC")]),
            asked_project: 0,
            schema: ProjectSchema {
                tables: vec![table("events", 0, &[]), table("sessions", 0, &[])],
            },
            site: Site {
                dashboard_url_template: Some(
                    "https://app.example.com/{organizationId}/{projectId}".into(),
                ),
                ..Site::default()
            },
            answers: VecDeque::new(),
            broken: false,
        }
    }

    /// Where the storage answers nothing at all.
    pub(crate) fn broken(mut self) -> Self {
        self.broken = true;
        self
    }

    /// In that timezone.
    pub(crate) fn timezone(mut self, timezone: &str) -> Self {
        let id = self.caller.projects[self.asked_project].id.clone();
        self.caller.projects[self.asked_project] = project(&id, timezone);
        self
    }

    /// About another project.
    pub(crate) fn project(mut self, id: &str) -> Self {
        self.caller.projects = vec![project(id, "UTC")];
        self
    }

    /// By that caller.
    pub(crate) fn by(mut self, caller: Caller) -> Self {
        self.caller = caller;
        self
    }

    /// On a server presented so.
    pub(crate) fn on(mut self, site: Site) -> Self {
        self.site = site;
        self
    }

    /// Where sessions are not stored.
    pub(crate) fn deriving_sessions(mut self) -> Self {
        let sessions = self.schema.tables.iter_mut();
        for table in sessions.filter(|table| table.name == "sessions") {
            table.stored = false;
        }
        self
    }

    /// Where the project has these tables.
    pub(crate) fn tables(mut self, tables: Vec<TableSchema>) -> Self {
        self.schema = ProjectSchema { tables };
        self
    }

    /// The next statement answers these rows, each an object by column.
    pub(crate) fn rows(mut self, rows: Json) -> Self {
        let rows = rows.as_array().cloned().unwrap();
        let names: Vec<String> = rows
            .first()
            .and_then(Json::as_object)
            .into_iter()
            .flat_map(|row| row.keys().cloned())
            .collect();
        let cells = rows
            .iter()
            .map(|row| names.iter().map(|name| row[name].clone()).collect())
            .collect();
        self.answers.push_back(Ok(answer(
            names
                .into_iter()
                .map(|name| (name, "Utf8".into()))
                .collect(),
            cells,
        )));
        self
    }

    /// The next statement answers these rows, each a list of cells.
    pub(crate) fn cells(mut self, rows: Json) -> Self {
        let cells = rows
            .as_array()
            .unwrap()
            .iter()
            .map(|row| row.as_array().cloned().unwrap())
            .collect();
        self.answers.push_back(Ok(answer(Vec::new(), cells)));
        self
    }

    /// The next statement answers these rows under columns of these names and types.
    pub(crate) fn typed(mut self, columns: &[(&str, &str)], rows: Json) -> Self {
        let cells = rows
            .as_array()
            .unwrap()
            .iter()
            .map(|row| row.as_array().cloned().unwrap())
            .collect();
        let columns = columns
            .iter()
            .map(|(name, kind)| ((*name).to_owned(), (*kind).to_owned()))
            .collect();
        self.answers.push_back(Ok(answer(columns, cells)));
        self
    }

    /// The next statement fails so.
    pub(crate) fn fails(mut self, error: WarehouseError) -> Self {
        self.answers.push_back(Err(error));
        self
    }

    /// Asks, and is refused before any tool answers.
    pub(crate) fn refused(self) -> CallError {
        self.answer(&Toolbox::new()).0.unwrap_err()
    }

    /// Asks.
    pub(crate) fn go(self) -> Done {
        let toolbox = Toolbox::new();
        let tool = self.tool;
        let (answer, warehouse) = self.answer(&toolbox);
        let answer = answer.unwrap();
        assert!(
            warehouse.answers.borrow().is_empty(),
            "the tool asked for less than the test answers: {answer:?}"
        );
        if let Some(structured) = &answer.structured {
            let named =
                |about: &About| about.name == tool || about.aliases().any(|alias| alias == tool);
            let tool = toolbox.tools().find(|tool| named(tool.about()));
            conforms("", &Json::Object(tool.unwrap().output_schema()), structured);
        }
        let statements = warehouse.asked.borrow().join("\n");
        Done { statements, answer }
    }

    fn answer(self, toolbox: &Toolbox) -> (Result<ToolAnswer, CallError>, Rc<Recorded>) {
        let warehouse = Rc::new(Recorded {
            schema: self.schema,
            answers: RefCell::new(self.answers),
            broken: self.broken,
            asked: RefCell::new(Vec::new()),
        });
        let environment = Environment {
            caller: &self.caller,
            warehouses: &One(Rc::clone(&warehouse)),
            now_ms: NOW_MS,
            site: &self.site,
            pinned_project: None,
            request_id: "req_1",
            progress: None,
        };
        let answer =
            futures::executor::block_on(toolbox.call(self.tool, self.arguments, &environment));
        (answer, warehouse)
    }
}

impl Done {
    /// Every statement with its values, in order.
    pub(crate) fn statements(&self) -> &str {
        &self.statements
    }

    /// The text of the answer.
    pub(crate) fn text(&self) -> &str {
        assert!(!self.answer.is_error, "{}", self.answer.text);
        &self.answer.text
    }

    /// The text, of an answer or an error.
    pub(crate) fn told(&self) -> &str {
        &self.answer.text
    }

    /// The object of the answer.
    pub(crate) fn structured(&self) -> String {
        serde_json::to_string_pretty(self.answer.structured.as_ref().unwrap()).unwrap()
    }

    /// One field of the object.
    pub(crate) fn field(&self, name: &str) -> Json {
        self.answer.structured.as_ref().unwrap()[name].clone()
    }

    /// The text of an error.
    pub(crate) fn mistake(&self) -> String {
        assert!(
            self.answer.is_error && self.answer.structured.is_none(),
            "no mistake: {:?}",
            self.answer
        );
        self.answer.text.clone()
    }

    /// What the log is told of an error.
    pub(crate) fn slug(&self) -> &'static str {
        self.answer.fault.as_ref().unwrap().slug
    }
}

/// Warehouses that hold nothing and answer nothing.
pub(crate) fn nowhere() -> impl Warehouses {
    One(Rc::new(Recorded {
        schema: ProjectSchema::default(),
        answers: RefCell::default(),
        broken: true,
        asked: RefCell::default(),
    }))
}

/// Warehouses with `events`, whose first statement answers these rows; and what they were asked.
pub(crate) fn answering(rows: Json) -> (impl Warehouses, impl Fn() -> String) {
    let cells = rows
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row.as_array().cloned().unwrap())
        .collect();
    let recorded = Rc::new(Recorded {
        schema: ProjectSchema {
            tables: vec![table("events", 0, &[])],
        },
        answers: RefCell::new(VecDeque::from([Ok(answer(Vec::new(), cells))])),
        broken: false,
        asked: RefCell::default(),
    });
    let asked = Rc::clone(&recorded);
    (One(recorded), move || asked.asked.borrow().join("\n"))
}

fn answer(columns: Vec<(String, String)>, rows: Vec<Vec<Json>>) -> ResultSet {
    ResultSet {
        columns: columns
            .into_iter()
            .map(|(name, data_type)| ColumnInfo { name, data_type })
            .collect(),
        rows,
        scanned: Scanned {
            rows: 1_000,
            bytes: 2_000,
            reads: 3,
        },
        elapsed_ms: 12,
        ..ResultSet::default()
    }
}

struct Recorded {
    schema: ProjectSchema,
    answers: RefCell<VecDeque<Result<ResultSet, WarehouseError>>>,
    broken: bool,
    asked: RefCell<Vec<String>>,
}

impl Recorded {
    fn next(&self, asked: String) -> Result<ResultSet, WarehouseError> {
        self.asked.borrow_mut().push(asked.clone());
        if self.broken {
            return Err(WarehouseError::Unavailable("timeout".into()));
        }
        self.answers
            .borrow_mut()
            .pop_front()
            .unwrap_or_else(|| panic!("the test does not answer: {asked}"))
    }
}

#[async_trait(?Send)]
impl Warehouse for Recorded {
    fn dialect(&self) -> &dyn Dialect {
        &DataFusionDialect
    }

    async fn run(
        &self,
        statement: Statement,
        _limits: &Limits,
    ) -> Result<ResultSet, WarehouseError> {
        self.next(format!("{}\n  {:?}", statement.sql, statement.values))
    }

    async fn run_sql(
        &self,
        sql: &str,
        offset: usize,
        rows: usize,
        _limits: &Limits,
    ) -> Result<ResultSet, WarehouseError> {
        self.next(format!("user's, rows {offset}..{}: {sql}", offset + rows))
    }

    async fn presence(&self, table: &str) -> Result<Presence, WarehouseError> {
        Ok(match self.schema.table(table) {
            Some(table) if table.stored => Presence::Stored,
            Some(_) => Presence::Derived,
            None => Presence::Absent,
        })
    }

    async fn schema(&self) -> Result<ProjectSchema, WarehouseError> {
        Ok(self.schema.clone())
    }
}

struct One(Rc<Recorded>);

#[async_trait(?Send)]
impl Warehouses for One {
    async fn open(&self, _project: &Project) -> Result<Rc<dyn Warehouse>, WarehouseError> {
        Ok(Rc::clone(&self.0) as Rc<dyn Warehouse>)
    }
}

/// Fails where `value` is not as `schema` says.
fn conforms(path: &str, schema: &Json, value: &Json) {
    let kind = match value {
        Json::Null => "null",
        Json::Bool(_) => "boolean",
        Json::Number(number) if number.is_f64() => "number",
        Json::Number(_) => "integer",
        Json::String(_) => "string",
        Json::Array(_) => "array",
        Json::Object(_) => "object",
    };
    let allowed = match &schema["type"] {
        Json::Array(kinds) => kinds.clone(),
        Json::Null => Vec::new(),
        kind => vec![kind.clone()],
    };
    let fits = allowed.is_empty()
        || allowed.contains(&json!(kind))
        || kind == "integer" && allowed.contains(&json!("number"));
    assert!(fits, "{path} is {value}, the schema says {schema}");
    if let Some(choices) = schema["enum"].as_array() {
        assert!(
            choices.contains(value),
            "{path} is {value}, the schema says {schema}"
        );
    }
    for name in schema["required"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Json::as_str)
    {
        assert!(value.get(name).is_some(), "{path}.{name} is missing");
    }
    for (name, inner) in value.as_object().into_iter().flatten() {
        let inner_schema = schema["properties"]
            .get(name)
            .or_else(|| schema.get("additionalProperties"));
        match inner_schema {
            Some(inner_schema) => conforms(&format!("{path}.{name}"), inner_schema, inner),
            None => assert!(
                schema.get("properties").is_none(),
                "{path}.{name} is not in the schema"
            ),
        }
    }
    for inner in value.as_array().into_iter().flatten() {
        conforms(&format!("{path}[]"), &schema["items"], inner);
    }
}
