//! Which events, properties and values exist.

mod column_definitions;
mod get_event_definitions;
mod get_event_property_values;
mod get_property_definitions;

pub(crate) use get_event_definitions::GetEventDefinitions;
pub(crate) use get_event_property_values::GetEventPropertyValues;
pub(crate) use get_property_definitions::GetPropertyDefinitions;
