//! What a tool is, and how it is called without knowing its types.

use std::marker::PhantomData;

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value as Json;

use crate::answer::{Answer, ToolAnswer};
use crate::arguments;
use crate::context::Context;
use crate::cursor::{Cursor, question};
use crate::environment::Environment;
use crate::failure::{Failure, Mistake};
use crate::family::{Family, Product, Scope};
use crate::frame::Frame;
use crate::project::choose;
use crate::schema::{self, Envelope, Object, Shared};

/// What is said of a tool.
pub(crate) struct About {
    /// Its name.
    pub(crate) name: &'static str,
    /// Its name in words; answers begin with it.
    pub(crate) title: &'static str,
    /// What a model reads: what it answers, then when to use it, or another instead.
    pub(crate) description: &'static str,
    /// Its family.
    pub(crate) family: Family,
    /// The scope it needs; none: any token.
    pub(crate) scope: Option<Scope>,
    /// The products that have it, and the name each gives it. Names other than its own are aliases.
    pub(crate) products: &'static [(Product, &'static str)],
    /// Its answers may be continued with a cursor.
    pub(crate) pages: bool,
    /// The table a project must have for it to be listed, if it is not one all have.
    pub(crate) needs: Option<&'static str>,
    /// Definitions and differences, for the reference.
    pub(crate) rules: &'static [&'static str],
}

impl About {
    /// The names besides its own.
    pub(crate) fn aliases(&self) -> impl Iterator<Item = &'static str> {
        self.products
            .iter()
            .map(|(_, name)| *name)
            .filter(|name| *name != self.name)
    }
}

/// A tool that answers about one project. `projectId` and `cursor` are taken care of.
pub(crate) trait Tool: 'static {
    /// What is said of it.
    const ABOUT: About;
    /// What it is asked with.
    type Input: DeserializeOwned + JsonSchema;
    /// The fields of its answers.
    type Output: Serialize + JsonSchema;

    /// Answers.
    async fn answer(
        input: Self::Input,
        context: &Context<'_>,
    ) -> Result<Answer<Self::Output>, Failure>;
}

/// A tool that answers about the caller, not about a project.
pub(crate) trait CallerTool: 'static {
    /// What is said of it.
    const ABOUT: About;
    /// What it is asked with.
    type Input: DeserializeOwned + JsonSchema;
    /// The fields of its answers.
    type Output: Serialize + JsonSchema;

    /// Answers.
    async fn answer(
        input: Self::Input,
        environment: &Environment<'_>,
    ) -> Result<Answer<Self::Output>, Failure>;
}

/// A tool whose types nobody needs to know.
#[async_trait(?Send)]
pub(crate) trait AnyTool: Send + Sync {
    /// What is said of it.
    fn about(&self) -> &About;
    /// Its input's schema; without `projectId` where a project is pinned.
    fn input_schema(&self, pinned: bool) -> Object;
    /// Its output's schema, in full.
    fn output_schema(&self) -> Object;
    /// Answers to `called`, which is its name or an alias.
    async fn call(
        &self,
        called: &str,
        arguments: Object,
        environment: &Environment<'_>,
    ) -> Result<ToolAnswer, Failure>;
}

/// A [`Tool`] as an [`AnyTool`].
pub(crate) struct OfProject<T>(PhantomData<fn() -> T>);

/// A [`CallerTool`] as an [`AnyTool`].
pub(crate) struct OfCaller<T>(PhantomData<fn() -> T>);

impl<T: Tool> OfProject<T> {
    /// That tool.
    pub(crate) fn boxed() -> Box<dyn AnyTool> {
        Box::new(Self(PhantomData))
    }
}

impl<T: CallerTool> OfCaller<T> {
    /// That tool.
    pub(crate) fn boxed() -> Box<dyn AnyTool> {
        Box::new(Self(PhantomData))
    }
}

#[async_trait(?Send)]
impl<T: Tool> AnyTool for OfProject<T> {
    fn about(&self) -> &About {
        const { &T::ABOUT }
    }

    fn input_schema(&self, pinned: bool) -> Object {
        schema::input::<T::Input>(Shared {
            project: !pinned,
            cursor: T::ABOUT.pages,
        })
    }

    fn output_schema(&self) -> Object {
        let takes_range = self
            .input_schema(true)
            .get("properties")
            .and_then(Json::as_object)
            .is_some_and(|properties| properties.contains_key("startDate"));
        schema::output::<T::Output>(Envelope {
            project: true,
            range: takes_range,
            cursor: T::ABOUT.pages,
        })
    }

    async fn call(
        &self,
        called: &str,
        arguments: Object,
        environment: &Environment<'_>,
    ) -> Result<ToolAnswer, Failure> {
        let schema = self.input_schema(environment.pinned_project.is_some());
        let arguments = arguments::checked(called, &schema, arguments)?;
        let mut own = arguments.clone();
        let named = own.remove("projectId");
        let project = choose(
            &environment.caller.projects,
            environment.pinned_project,
            named.as_ref().and_then(Json::as_str),
        )?;
        let asked = question(T::ABOUT.name, &project.id, &own);
        let cursor = own.remove("cursor");
        let cursor = cursor
            .as_ref()
            .and_then(Json::as_str)
            .map(|text| Cursor::read(text, &asked))
            .transpose()?;
        let input = arguments::read(own)?;
        let warehouse = environment.warehouses.open(project).await?;
        let context = Context::new(project, warehouse, cursor, environment);
        let answer = T::answer(input, &context).await?;
        let answer = answer.notes(context.sampled());
        answer.finish(&Frame {
            title: T::ABOUT.title,
            called,
            arguments: &arguments,
            project: Some(project),
            question: &asked,
            asked_at_ms: context.asked_at_ms,
            cursor: context.cursor.as_ref(),
        })
    }
}

#[async_trait(?Send)]
impl<T: CallerTool> AnyTool for OfCaller<T> {
    fn about(&self) -> &About {
        const { &T::ABOUT }
    }

    fn input_schema(&self, _pinned: bool) -> Object {
        schema::input::<T::Input>(Shared::default())
    }

    fn output_schema(&self) -> Object {
        schema::output::<T::Output>(Envelope {
            project: false,
            range: false,
            cursor: false,
        })
    }

    async fn call(
        &self,
        called: &str,
        arguments: Object,
        environment: &Environment<'_>,
    ) -> Result<ToolAnswer, Failure> {
        let arguments = arguments::checked(called, &self.input_schema(false), arguments)?;
        let input = arguments::read(arguments.clone())?;
        let answer = T::answer(input, environment).await?;
        answer.finish(&Frame {
            title: T::ABOUT.title,
            called,
            arguments: &arguments,
            project: None,
            question: "",
            asked_at_ms: environment.now_ms,
            cursor: None,
        })
    }
}

/// What a failure answers.
pub(crate) fn failed(failure: &Failure, request_id: &str) -> ToolAnswer {
    let (text, detail) = failure.told(request_id);
    ToolAnswer {
        structured: None,
        text,
        is_error: true,
        fault: Some(crate::answer::Fault {
            slug: failure.slug(),
            detail,
        }),
    }
}

/// Arguments that are not an object.
pub(crate) fn not_an_object() -> Failure {
    Mistake::new("`arguments` must be an object of names and values.").into()
}
