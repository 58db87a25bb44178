//! The JSON of `integrations`.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::bindings::integrations;
use crate::json::write;

/// The JSON of one or all integrations, in the words of the published tables.
#[must_use]
pub fn json(integrations: &[integrations::Integration]) -> Vec<u8> {
    write(&integrations.iter().map(Described::from).collect::<Vec<_>>())
}

/// The names of the fields that an operation requires, or of those that it supports besides.
pub fn field_names(fields: &[integrations::Field], required: bool) -> impl Iterator<Item = &str> {
    fields
        .iter()
        .filter(move |field| field.required == required)
        .map(|field| field.name.as_str())
}

#[derive(Serialize)]
struct Described<'a> {
    name: &'a str,
    title: &'a str,
    docs: &'a str,
    base_url: &'a str,
    settings: Vec<DescribedSetting<'a>>,
    credentials: Vec<&'a [String]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rate: Option<DescribedRate>,
    operations: Vec<DescribedOperation<'a>>,
}

#[derive(Serialize)]
struct DescribedRate {
    requests: u32,
    seconds: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    burst: Option<u32>,
}

#[derive(Serialize)]
struct DescribedSetting<'a> {
    name: &'a str,
    description: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    default: Option<&'a str>,
    in_host: bool,
}

#[derive(Serialize)]
struct DescribedOperation<'a> {
    name: &'a str,
    method: &'a str,
    path: &'a str,
    docs: &'a str,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    extension: bool,
    request: DescribedRequest<'a>,
    response: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    paging: Option<DescribedPaging>,
    #[serde(skip_serializing_if = "Option::is_none")]
    effect: Option<&'a str>,
}

#[derive(Serialize)]
struct DescribedPaging {
    max_page_size: Option<u32>,
    by_email: bool,
}

#[derive(Serialize)]
struct DescribedRequest<'a> {
    required: Vec<&'a str>,
    supported: Vec<&'a str>,
    collections: &'a [String],
    values: BTreeMap<&'a str, &'a [String]>,
    conditions: &'a [String],
}

impl<'a> From<&'a integrations::Integration> for Described<'a> {
    fn from(integration: &'a integrations::Integration) -> Self {
        let integrations::Integration {
            name,
            title,
            docs,
            base_url,
            settings,
            credentials,
            operations,
            rate,
        } = integration;
        let setting = |setting: &'a integrations::Setting| {
            let integrations::Setting {
                name,
                description,
                default,
                in_host,
            } = setting;
            DescribedSetting {
                name,
                description,
                default: default.as_deref(),
                in_host: *in_host,
            }
        };
        Self {
            name,
            title,
            docs,
            base_url,
            settings: settings.iter().map(setting).collect(),
            credentials: credentials.iter().map(|set| set.names.as_slice()).collect(),
            rate: rate.map(|rate| DescribedRate {
                requests: rate.requests,
                seconds: rate.seconds,
                burst: rate.burst,
            }),
            operations: operations.iter().map(DescribedOperation::from).collect(),
        }
    }
}

impl<'a> From<&'a integrations::Operation> for DescribedOperation<'a> {
    fn from(operation: &'a integrations::Operation) -> Self {
        let integrations::Operation {
            name,
            method,
            path,
            docs,
            fields,
            collections,
            conditions,
            response,
            extension,
            paging,
            effect,
        } = operation;
        let limited = fields.iter().filter(|field| !field.values.is_empty());
        Self {
            name,
            method,
            path,
            docs,
            request: DescribedRequest {
                required: field_names(fields, true).collect(),
                supported: field_names(fields, false).collect(),
                collections,
                values: limited
                    .map(|field| (field.name.as_str(), field.values.as_slice()))
                    .collect(),
                conditions,
            },
            response,
            extension: *extension,
            paging: paging.map(|paging| DescribedPaging {
                max_page_size: paging.max_page_size,
                by_email: paging.by_email,
            }),
            effect: effect.as_deref(),
        }
    }
}
