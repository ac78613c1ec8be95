//! Keyspaces and tables, and how they are told on: each with the instant it was made, the later one wins.
//!
//! Models: cassandra 3.11 SchemaKeyspace, MigrationManager. Difference: a dropped name is remembered for good.

use thin::{Str, format_str};

use super::ring::Replication;
use crate::tsv;

/// What a column is to the key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Column {
    pub(super) name: Str,
    pub(super) kind: Str,
}

/// A table: its key's columns first, the partition's before the others, then the rest by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Table {
    pub(super) name: Str,
    pub(super) columns: Vec<Column>,
    pub(super) partition: usize,
    pub(super) key: usize,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Thing {
    Keyspace(Vec<(Str, Str)>),
    Table(Table),
    Dropped,
}

/// All that was ever made, by name: a keyspace's own, or `keyspace.table`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Schema {
    things: Vec<(Str, u64, Thing)>,
}

/// The types that are here.
pub(super) const KINDS: [&str; 9] =
    ["ascii", "text", "varchar", "int", "bigint", "smallint", "tinyint", "boolean", "uuid"];

impl Schema {
    fn put(&mut self, name: &str, stamp: u64, thing: Thing) {
        match self.things.binary_search_by(|(its, ..)| its.as_str().cmp(name)) {
            Ok(at) if self.things[at].1 < stamp => self.things[at] = (name.into(), stamp, thing),
            Ok(_) => {}
            Err(at) => self.things.insert(at, (name.into(), stamp, thing)),
        }
    }

    pub(super) fn put_keyspace(&mut self, name: &str, options: Vec<(Str, Str)>, stamp: u64) {
        self.put(name, stamp, Thing::Keyspace(options));
    }

    pub(super) fn put_table(&mut self, keyspace: &str, table: Table, stamp: u64) {
        self.put(&format!("{keyspace}.{}", table.name), stamp, Thing::Table(table));
    }

    /// Drops a keyspace with its tables, or one table.
    pub(super) fn drop(&mut self, name: &str, stamp: u64) {
        let inside = format!("{name}.");
        let names: Vec<Str> = self.things.iter().map(|(its, ..)| its.clone()).collect();
        for its in names.iter().filter(|its| *its == name || its.starts_with(&inside)) {
            self.put(its, stamp, Thing::Dropped);
        }
    }

    pub(super) fn keyspaces(&self) -> impl Iterator<Item = (&Str, &[(Str, Str)])> {
        self.things.iter().filter_map(|(name, _, thing)| match thing {
            Thing::Keyspace(options) => Some((name, options.as_slice())),
            Thing::Table(_) | Thing::Dropped => None,
        })
    }

    pub(super) fn keyspace(&self, name: &str) -> Option<Replication> {
        let options = self.keyspaces().find(|(its, _)| *its == name)?.1;
        replication(options).ok()
    }

    /// Tables with their full names.
    pub(super) fn tables(&self) -> impl Iterator<Item = (&Str, &Table)> {
        self.things.iter().filter_map(|(name, _, thing)| match thing {
            Thing::Table(table) => Some((name, table)),
            Thing::Keyspace(_) | Thing::Dropped => None,
        })
    }

    pub(super) fn table(&self, full_name: &str) -> Option<&Table> {
        self.tables().find(|(name, _)| *name == full_name).map(|(_, table)| table)
    }

    /// A short word that differs when the schema does.
    pub(super) fn version(&self) -> Str {
        if self.things.is_empty() {
            return Str::new();
        }
        let hash = super::murmur3::token(self.encode().join("\n").as_bytes());
        format_str!("{:016x}", hash as u64)
    }

    pub(super) fn encode(&self) -> Vec<String> {
        self.things
            .iter()
            .map(|(name, stamp, thing)| {
                let stamp = stamp.to_string();
                let mut fields: Vec<String> = Vec::new();
                let kind = match thing {
                    Thing::Keyspace(options) => {
                        options.iter().for_each(|(key, value)| fields.extend([key.to_string(), value.to_string()]));
                        "keyspace"
                    }
                    Thing::Table(table) => {
                        fields.extend([table.partition.to_string(), table.key.to_string()]);
                        let columns = table.columns.iter();
                        columns.for_each(|column| fields.extend([column.name.to_string(), column.kind.to_string()]));
                        "table"
                    }
                    Thing::Dropped => "dropped",
                };
                let head = [Some(kind), Some(name.as_str()), Some(stamp.as_str())];
                tsv::line(head.into_iter().chain(fields.iter().map(|field| Some(field.as_str()))))
            })
            .collect()
    }

    /// Takes what is newer than what is known.
    pub(super) fn merge<'a>(&mut self, lines: impl Iterator<Item = &'a str>) {
        for line in lines {
            let fields: Vec<Str> = tsv::fields(line).into_iter().flatten().collect();
            let [kind, name, stamp, rest @ ..] = fields.as_slice() else { continue };
            let pair = |pair: &[Str]| (pair[0].clone(), pair[1].clone());
            let thing = match (kind.as_str(), rest) {
                ("keyspace", options) => Some(Thing::Keyspace(options.chunks_exact(2).map(pair).collect())),
                ("table", [partition, key, columns @ ..]) => {
                    let column = |pair: &[Str]| Column { name: pair[0].clone(), kind: pair[1].clone() };
                    let name = name.split_once('.').map_or("", |(_, table)| table).into();
                    let columns = columns.chunks_exact(2).map(column).collect();
                    let (partition, key) = (partition.parse().unwrap_or(1), key.parse().unwrap_or(1));
                    Some(Thing::Table(Table { name, columns, partition, key }))
                }
                ("dropped", _) => Some(Thing::Dropped),
                _ => None,
            };
            if let (Some(thing), Ok(stamp)) = (thing, stamp.parse()) {
                self.put(name, stamp, thing);
            }
        }
    }
}

/// What the options of a keyspace mean.
pub(super) fn replication(options: &[(Str, Str)]) -> Result<Replication, Str> {
    let option = |key: &str| options.iter().find(|(its, _)| *its == key).map(|(_, value)| value.as_str());
    let Some(class) = option("class") else { return Err("Missing mandatory replication strategy class".into()) };
    let number = |text: &str| {
        let wrong = || format_str!("Replication factor must be numeric; found {text}");
        text.parse::<usize>().map_err(|_| wrong())
    };
    match class.rsplit('.').next().unwrap_or(class) {
        "SimpleStrategy" => match option("replication_factor") {
            Some(factor) => Ok(Replication::Simple(number(factor)?)),
            None => Err("SimpleStrategy requires a replication_factor strategy option.".into()),
        },
        "NetworkTopologyStrategy" => {
            let mut counts = Vec::new();
            for (datacenter, count) in options.iter().filter(|(key, _)| key != "class") {
                counts.push((datacenter.clone(), number(count)?));
            }
            Ok(Replication::ByDatacenter(counts))
        }
        other => Err(format_str!("Unable to find replication strategy class 'org.apache.cassandra.locator.{other}'")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_later_change_wins_and_drops_are_remembered() {
        let mut schema = Schema::default();
        schema.put_keyspace(
            "demo",
            vec![("class".into(), "SimpleStrategy".into()), ("replication_factor".into(), "2".into())],
            5,
        );
        let column = Column { name: "id".into(), kind: "int".into() };
        let table = Table { name: "t".into(), columns: vec![column], partition: 1, key: 1 };
        schema.put_table("demo", table.clone(), 6);
        assert_eq!((schema.keyspace("demo"), schema.table("demo.t")), (Some(Replication::Simple(2)), Some(&table)));
        let (old, lines) = (schema.clone(), schema.encode());
        let mut other = Schema::default();
        other.merge(lines.iter().map(String::as_str));
        assert_eq!((other.version(), &other), (schema.version(), &schema));
        other.drop("demo", 7);
        other.merge(old.encode().iter().map(String::as_str));
        assert_eq!((other.keyspace("demo"), other.table("demo.t")), (None, None));
    }
}
