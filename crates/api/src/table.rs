//! `metav1.Table`: what the server answers to `kubectl get`, before the client lays it out.

use crate::{ObjectMeta, Str, StringMap, Value};

/// Rows of one kind of object.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    /// The columns, those of priority 0 first or last as upstream declares them.
    pub columns: Vec<Column>,
    /// One row per object.
    pub rows: Vec<Row>,
}

/// A column of a table.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Column {
    /// Such as `Ready`; printed in capitals.
    pub name: Str,
    /// `string`, `integer`, `number`, `boolean` or `date`.
    pub kind: Str,
    /// `name` for the column that names the object.
    pub format: Str,
    /// 0 is always shown, anything above only by `-o wide`.
    pub priority: i32,
}

/// A row of a table.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Row {
    /// One value per column.
    pub cells: Vec<Value>,
    /// The object's namespace, for a column of it.
    pub namespace: Str,
    /// The object's labels, for columns of them.
    pub labels: StringMap,
}

impl Row {
    /// The row of an object.
    pub fn new(cells: Vec<Value>, metadata: &ObjectMeta) -> Row {
        Row { cells, namespace: metadata.namespace.clone(), labels: metadata.labels.clone() }
    }
}
