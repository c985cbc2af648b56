//! Functions that SQL writes in words: casts, intervals, `EXTRACT(hour FROM …)`, `TRIM(BOTH …)`.

use sqlparser::ast::{
    CastFormat, CastKind, CeilFloorKind, DataType, DateTimeField, Expr, ExtractSyntax, Interval,
};

use super::error::{GuardError, quoted};
use super::expression::refusal;
use super::size::Size;
use super::walk::Walk;

impl Walk<'_> {
    /// Checks a function with a grammar of its own.
    pub(super) fn call_in_words(&mut self, expression: &Expr) -> Result<Size, GuardError> {
        match expression {
            Expr::AtTimeZone {
                timestamp,
                time_zone,
            } => self
                .either([timestamp.as_ref(), time_zone])
                .map(Size::scalar),
            Expr::Extract {
                field,
                syntax,
                expr,
            } => {
                match syntax {
                    ExtractSyntax::From | ExtractSyntax::Comma => {}
                }
                date_field(field)?;
                self.requires("date_part")?;
                self.scalar(expr)
            }
            Expr::Ceil { expr, field } => {
                self.requires("ceil")?;
                whole_numbers(field)?;
                self.scalar(expr)
            }
            Expr::Floor { expr, field } => {
                self.requires("floor")?;
                whole_numbers(field)?;
                self.scalar(expr)
            }
            Expr::Position { expr, r#in } => {
                self.requires("strpos")?;
                self.either([expr.as_ref(), r#in]).map(Size::scalar)
            }
            Expr::Substring {
                expr,
                substring_from,
                substring_for,
                special: _,
                shorthand: _,
            } => {
                self.requires("substr")?;
                let text = self.expression(expr)?;
                let bounds = self.either(
                    [substring_from, substring_for]
                        .into_iter()
                        .flatten()
                        .map(AsRef::as_ref),
                )?;
                Ok(text.either(bounds))
            }
            Expr::Trim {
                trim_where: _,
                trim_what,
                expr,
                trim_characters,
            } => {
                self.requires("btrim")?;
                let text = self.expression(expr)?;
                let what = self.either(
                    trim_what
                        .iter()
                        .map(AsRef::as_ref)
                        .chain(trim_characters.iter().flatten()),
                )?;
                Ok(text.either(what))
            }
            Expr::Overlay {
                expr,
                overlay_what,
                overlay_from,
                overlay_for,
            } => {
                self.requires("overlay")?;
                let text = self.expression(expr)? + self.expression(overlay_what)?;
                let bounds = self.either(
                    [overlay_from]
                        .into_iter()
                        .chain(overlay_for)
                        .map(AsRef::as_ref),
                )?;
                Ok(text.either(bounds))
            }
            other => Err(refusal(other)),
        }
    }

    /// Checks an interval.
    pub(super) fn interval(&mut self, interval: &Interval) -> Result<Size, GuardError> {
        let Interval {
            value,
            leading_field,
            leading_precision,
            last_field,
            fractional_seconds_precision,
        } = interval;
        if leading_precision.is_some()
            || last_field.is_some()
            || fractional_seconds_precision.is_some()
        {
            return Err(GuardError::not_allowed(
                "an interval with a range or precision",
                "Write INTERVAL '7 days'.",
            ));
        }
        if let Some(field) = leading_field {
            date_field(field)?;
        }
        self.expression(value).map(Size::scalar)
    }

    /// Checks a cast.
    pub(super) fn cast(
        &mut self,
        kind: &CastKind,
        value: &Expr,
        data_type: &DataType,
        array: bool,
        format: Option<&CastFormat>,
    ) -> Result<Size, GuardError> {
        match kind {
            CastKind::Cast | CastKind::TryCast | CastKind::SafeCast | CastKind::DoubleColon => {}
        }
        if array || format.is_some() {
            return Err(GuardError::not_allowed(
                "`CAST … FORMAT` or `AS type ARRAY`",
                "Use to_char, to_date or to_timestamp with a format.",
            ));
        }
        self.data_type(data_type)?;
        self.expression(value)
    }
}

/// `ceil` and `floor` of numbers only.
fn whole_numbers(field: &CeilFloorKind) -> Result<(), GuardError> {
    match field {
        CeilFloorKind::DateTimeField(DateTimeField::NoDateTime) => Ok(()),
        CeilFloorKind::DateTimeField(_) | CeilFloorKind::Scale(_) => Err(GuardError::not_allowed(
            "`ceil` or `floor` to a unit or scale",
            "Use date_trunc('day', time) for time and round(x, digits) for numbers.",
        )),
    }
}

/// Fields of a date that carry an identifier of their own are free text to the engine: letters only.
fn date_field(field: &DateTimeField) -> Result<(), GuardError> {
    let text = field.to_string();
    if text.len() <= 24
        && text
            .chars()
            .all(|character| character.is_ascii_alphabetic() || character == '_')
    {
        Ok(())
    } else {
        Err(GuardError::not_allowed(
            format!("the unit `{}`", quoted(&text)),
            "Units are year, quarter, month, week, day, hour, minute, second, dow, doy and epoch.",
        ))
    }
}
