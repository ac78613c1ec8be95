//! `kubectl get`: objects as a table or in another form, once or for ever.
//!
//! Models: kubernetes v1.36 kubectl/pkg/cmd/get/get.go.

use api::table::{Column, Row, Table};
use api::{Kind, Object, Str, Value};
use client::{Access, Change, ChangeKind};
use sim::Time;

use super::{Call, Flow, PLAIN, Progress, Verb, shared};
use crate::builder::{Found, Visit};
use crate::context::Context;
use crate::failure::Failure;
use crate::flags::Flag;
use crate::mapping::Mapping;
use crate::output::{Formats, Output, Printer, list_of};
use crate::printers::sort_by;
use crate::printers::table::{TableOptions, TablePrinter};
use crate::rest::{Method, Part};
use crate::selection::Selection;

/// The verb.
pub static GET: Verb = Verb {
    path: "get",
    suggest_for: &["list", "ps"],
    summary: "Show one or many objects",
    usage: "[(-o|--output=)json|yaml|kyaml|name|go-template|go-template-file|template|templatefile|jsonpath|jsonpath-as-json|\
            jsonpath-file|custom-columns|custom-columns-file|wide] (TYPE[.VERSION][.GROUP] [NAME | -l label] | TYPE[.VERSION][.GROUP]/NAME ...) [flags] [options]",
    flags: &[
        &[
            Flag::int("chunk-size", "500"),
            Flag::bool("ignore-not-found"),
            Flag::slice("label-columns").short('L'),
            Flag::bool("no-headers"),
            Flag::bool("output-watch-events"),
            Flag::text("raw"),
            Flag::bool("server-print").default("true"),
            Flag::bool("show-kind"),
            Flag::bool("show-labels"),
            Flag::text("sort-by"),
            Flag::text("subresource"),
            Flag::bool("watch").short('w'),
            Flag::bool("watch-only"),
        ],
        shared::OUTPUT,
        shared::FILES,
        shared::SELECTOR,
        shared::FIELD_SELECTOR,
        shared::ALL_NAMESPACES,
    ],
    run,
    ..PLAIN
};

fn run(call: &mut Call<'_, '_>) -> Result<Flow, Failure> {
    if !call.flags.text("raw").is_empty() {
        return super::raw::run(call, Method::Get);
    }
    check_arguments(call)?;
    if call.flags.is_on("watch") || call.flags.is_on("watch-only") {
        return watch(call);
    }
    let mut builder = call.builder();
    builder.empty_selector_is_all = true;
    builder.files_are_live = true;
    builder.subresource = call.flags.text("subresource");
    let mut visit = builder.visit(call.ctx, call.env)?;
    if call.flags.is_on("ignore-not-found") {
        visit = visit.ignoring_not_found();
    }
    for found in visit.found.iter().flatten() {
        call.warn_if_deprecated(mapping_of(found));
    }
    match Output::read(call.ctx, call.env, &call.flags, Formats::Get) {
        Ok(Output::Objects(printer)) => print_objects(call, visit, *printer),
        Ok(output @ (Output::Human | Output::Wide)) => print_tables(call, visit, &output),
        Err(failure) => match visit.found.into_iter().find_map(Result::err) {
            Some(missing) => Err(missing),
            None => Err(failure),
        },
    }
}

fn check_arguments(call: &mut Call<'_, '_>) -> Result<(), Failure> {
    if call.flags.args.is_empty() && !call.has_files() {
        call.ctx.err(
            "You must specify the type of resource to get. Use \"kubectl api-resources\" for a complete list of supported \
             resources.\n\n",
        );
        return Err(call.usage(
            "Required resource not specified.\nUse \"kubectl explain <resource>\" for a detailed description of that \
             resource (e.g. kubectl explain pods).",
        ));
    }
    let output = call.flags.text("output");
    if call.flags.is_on("show-labels") && !matches!(output.as_str(), "" | "wide") {
        return Err(Failure::Plain(format!("--show-labels option cannot be used with {output} printer")));
    }
    let watches = call.flags.is_on("watch") || call.flags.is_on("watch-only");
    if watches && !call.flags.text("sort-by").is_empty() {
        call.ctx.err(if call.flags.is_on("watch") {
            "warning: --watch requested, --sort-by will be ignored for watch events received\n"
        } else {
            "warning: --watch-only requested, --sort-by will be ignored\n"
        });
    }
    if call.flags.is_on("output-watch-events") && !watches {
        return Err(Failure::plain("--output-watch-events option can only be used with --watch or --watch-only"));
    }
    Ok(())
}

fn mapping_of(found: &Found) -> Mapping {
    match found {
        Found::Item(info) => info.mapping,
        Found::List { mapping, .. } => *mapping,
    }
}

/// `-o json` and so on: one object alone, or a list.
fn print_objects(call: &mut Call<'_, '_>, visit: Visit, mut printer: Printer) -> Result<Flow, Failure> {
    let is_single = visit.single_item_implied;
    let (infos, failures) = visit.into_infos();
    if is_single && let [_, ..] = failures.as_slice() {
        return Failure::of(failures).map_or(Ok(Flow::Done(0)), Err);
    }
    if infos.is_empty() && call.flags.is_on("ignore-not-found") {
        return Ok(Flow::Done(0));
    }
    let subresource = call.flags.text("subresource");
    let mut values = Vec::new();
    for info in &infos {
        let part = Part::read(info.mapping, &subresource)?;
        values.extend(info.live.as_ref().map(|live| part.of(live)));
    }
    let sort_path = call.flags.text("sort-by");
    if !sort_path.is_empty() {
        values = sorted(&sort_path, values)?;
    }
    let value = match values.as_slice() {
        [only] if is_single => only.clone(),
        _ => list_of(values),
    };
    let text = printer.print(&value)?;
    call.ctx.out(&text);
    Failure::of(failures).map_or(Ok(Flow::Done(0)), Err)
}

fn sorted(path: &str, values: Vec<Value>) -> Result<Vec<Value>, Failure> {
    let order = sort_by::order_by(path, &values.iter().collect::<Vec<_>>()).map_err(Failure::Plain)?;
    Ok(order.into_iter().map(|at| values[at].clone()).collect())
}

/// One resource's part of the output.
struct Group {
    mapping: Mapping,
    objects: Vec<Object>,
}

fn print_tables(call: &mut Call<'_, '_>, visit: Visit, output: &Output) -> Result<Flow, Failure> {
    let (mut groups, failures) = group(visit);
    let with_kind = call.flags.is_on("show-kind") || groups.windows(2).any(|pair| pair[0].mapping != pair[1].mapping);
    let mut text = String::new();
    for group in &mut groups {
        let prefix = if with_kind { group.mapping.qualified_singular() } else { Str::new() };
        let printed = table_text(call, group, prefix, output)?;
        if !printed.is_empty() && !text.is_empty() && !call.flags.is_on("no-headers") {
            text.push('\n');
        }
        text.push_str(&printed);
    }
    call.ctx.out(&text);
    if text.is_empty() && failures.is_empty() && !call.flags.is_on("ignore-not-found") {
        let all = call.flags.is_on("all-namespaces");
        let in_namespace = !all && groups.iter().all(|group| group.mapping.is_namespaced());
        let place = if in_namespace { format!(" in {} namespace.", call.namespace) } else { String::new() };
        call.ctx.err(&format!("No resources found{place}\n"));
    }
    Failure::of(failures).map_or(Ok(Flow::Done(0)), Err)
}

fn group(visit: Visit) -> (Vec<Group>, Vec<Failure>) {
    let (mut groups, mut failures): (Vec<Group>, _) = (Vec::new(), Vec::new());
    for found in visit.found {
        let (mapping, objects): (_, Vec<Object>) = match found {
            Ok(Found::Item(info)) => (info.mapping, info.live.into_iter().collect()),
            Ok(Found::List { mapping, objects }) => (mapping, objects),
            Err(failure) => {
                failures.push(failure);
                continue;
            }
        };
        match groups.last_mut() {
            Some(last) if last.mapping == mapping => last.objects.extend(objects),
            _ => groups.push(Group { mapping, objects }),
        }
    }
    (groups, failures)
}

fn table_text(call: &mut Call<'_, '_>, group: &mut Group, prefix: Str, output: &Output) -> Result<String, Failure> {
    let Some(kind) = group.mapping.kind() else { return Ok(String::new()) };
    let objects = &mut group.objects;
    let maker = Maker::of(call);
    let sort_path = call.flags.text("sort-by");
    if !sort_path.is_empty() {
        let values: Vec<Value> = objects.iter().map(Object::encode).collect();
        match sort_by::order_by(&sort_path, &values.iter().collect::<Vec<_>>()) {
            Ok(order) => *objects = order.into_iter().map(|at| objects[at].clone()).collect(),
            // As recorded from v1.36.2: a table none of whose rows has the field is printed as if it were empty.
            Err(error) if maker == Maker::Server && error.starts_with("couldn't find any field with path") => {
                objects.clear()
            }
            Err(error) => return Err(Failure::Plain(error)),
        }
    }
    let mut table = maker.table(call.ctx, kind, objects);
    if call.flags.text("subresource") == "scale" {
        table = scale_table(&table, objects);
    }
    let mut options = table_options(call, group.mapping, output);
    options.kind_prefix = prefix;
    Ok(TablePrinter::new(options).print(&table))
}

/// Who makes tables (`--server-print`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Maker {
    Server,
    Client,
}

impl Maker {
    fn of(call: &Call<'_, '_>) -> Maker {
        if call.flags.is_on("server-print") { Maker::Server } else { Maker::Client }
    }

    /// kubectl itself knows of any object its name and age.
    fn table(self, ctx: &Context<'_>, kind: Kind, objects: &[Object]) -> Table {
        if self == Maker::Server {
            return ctx.api.table(kind, objects);
        }
        let column = |name: &str, format: &str| {
            let (name, kind, format) = (name.into(), "string".into(), format.into());
            Column { name, kind, format, priority: 0 }
        };
        let row = |object: &Object| {
            let metadata = object.metadata();
            let age = api::duration::age(ctx.now(), metadata.creation_timestamp);
            Row::new(vec![Value::Str(metadata.name.clone()), Value::Str(age.into())], metadata)
        };
        Table { columns: vec![column("Name", "name"), column("Age", "")], rows: objects.iter().map(row).collect() }
    }
}

/// The table of the objects' scales; name and age are those of the objects.
fn scale_table(of_objects: &Table, objects: &[Object]) -> Table {
    let at = |name: &str| of_objects.columns.iter().position(|column| column.name == name);
    let (Some(name), Some(age)) = (at("Name"), at("Age")) else { return Table::default() };
    let number = |name: &str| Column { name: name.into(), ..Column::default() };
    let columns =
        vec![of_objects.columns[name].clone(), number("Desired"), number("Available"), of_objects.columns[age].clone()];
    let row = |(row, object): (&Row, &Object)| {
        let scale = Part::Scale.of(object);
        let replicas = |part: &str| Value::Int(scale.at(&[part, "replicas"]).as_int().unwrap_or(0));
        let cells = vec![row.cells[name].clone(), replicas("spec"), replicas("status"), row.cells[age].clone()];
        Row { cells, ..row.clone() }
    };
    Table { columns, rows: of_objects.rows.iter().zip(objects).map(row).collect() }
}

fn table_options(call: &Call<'_, '_>, mapping: Mapping, output: &Output) -> TableOptions {
    TableOptions {
        no_headers: call.flags.is_on("no-headers"),
        wide: matches!(output, Output::Wide),
        with_namespace: call.flags.is_on("all-namespaces") && mapping.is_namespaced(),
        kind_prefix: if call.flags.is_on("show-kind") { mapping.qualified_singular() } else { Str::new() },
        show_labels: call.flags.is_on("show-labels"),
        label_columns: call.flags.texts("label-columns"),
    }
}

/// `get -w`: prints what is there, then rows as changes are committed.
#[derive(Clone, Debug)]
pub struct Watching {
    kind: Kind,
    namespace: Option<Str>,
    selection: Selection,
    cursor: u64,
    printer: WatchPrinter,
    maker: Maker,
    /// Whether each row says what happened.
    with_events: bool,
    /// Until when (`--request-timeout`).
    until: Option<Time>,
}

#[derive(Clone, Debug)]
enum WatchPrinter {
    Table(TablePrinter),
    Objects(Box<Printer>),
}

fn watch(call: &mut Call<'_, '_>) -> Result<Flow, Failure> {
    if !call.flags.text("subresource").is_empty() {
        return Err(super::call::unsupported("watches of a part of an object (--subresource)"));
    }
    let mut builder = call.builder();
    builder.empty_selector_is_all = true;
    builder.files_are_live = true;
    builder.single_resource = true;
    let (labels, fields) = (call.flags.text("selector"), call.flags.text("field-selector"));
    let mut visit = builder.visit(call.ctx, call.env)?;
    if call.flags.is_on("ignore-not-found") {
        visit = visit.ignoring_not_found();
        if visit.found.is_empty() {
            return Ok(Flow::Done(0));
        }
    }
    let count = visit.found.len();
    let mut found = Vec::new();
    for one in visit.found {
        found.push(one?);
    }
    let [one] = found.as_slice() else {
        return Err(Failure::Plain(format!(
            "watch is only supported on individual resources and resource collections - {count} resources were found"
        )));
    };
    let mapping = mapping_of(one);
    call.warn_if_deprecated(mapping);
    let kind = mapping.kind_supported()?;
    let (selection, namespace) = match one {
        Found::Item(info) => (Selection::named(&info.name), Some(info.namespace.clone())),
        Found::List { .. } => {
            (Selection::parse(mapping, &labels, &fields)?, call.builder().namespace_for_list(mapping))
        }
    };
    let namespace = namespace.filter(|_| mapping.is_namespaced());
    call.ctx.api.authorize(&Access::to_all("watch", kind, namespace.as_deref()))?;
    let mut watching = Watching {
        kind,
        namespace,
        selection,
        cursor: call.ctx.api.revision(),
        printer: watch_printer(call, mapping)?,
        maker: Maker::of(call),
        with_events: call.flags.is_on("output-watch-events"),
        until: request_timeout(call).map(|span| call.ctx.now() + span),
    };
    if !call.flags.is_on("watch-only") {
        let objects = match one {
            Found::Item(info) => info.live.iter().cloned().collect(),
            Found::List { objects, .. } => objects.clone(),
        };
        watching.print(call.ctx, "ADDED", &objects)?;
    }
    Ok(watching.into())
}

fn watch_printer(call: &mut Call<'_, '_>, mapping: Mapping) -> Result<WatchPrinter, Failure> {
    Ok(match Output::read(call.ctx, call.env, &call.flags, Formats::Get)? {
        Output::Objects(printer) => WatchPrinter::Objects(printer),
        output @ (Output::Human | Output::Wide) => {
            WatchPrinter::Table(TablePrinter::new(table_options(call, mapping, &output)))
        }
    })
}

/// `--request-timeout`, which the builder has checked: a duration, or whole seconds; zero is none.
fn request_timeout(call: &Call<'_, '_>) -> Option<sim::Span> {
    let text = call.flags.text("request-timeout");
    let span = match text.parse::<u32>() {
        Ok(seconds) => sim::Span::from_seconds(i64::from(seconds)),
        Err(_) => api::duration::parse_go_span(&text).unwrap_or_default(),
    };
    (span.0 > 0).then_some(span)
}

impl Watching {
    /// Prints what has happened since the last step.
    pub fn step(&mut self, ctx: &mut Context<'_>) -> Result<Progress, Failure> {
        if ctx.api.revision() > self.cursor {
            for change in changes(ctx, self.kind, &mut self.cursor)? {
                self.show(ctx, &change)?;
            }
        }
        match self.until {
            Some(until) if until <= ctx.now() => Ok(Progress::Done(0)),
            wake => Ok(Progress::Blocked { wake }),
        }
    }

    fn show(&mut self, ctx: &mut Context<'_>, change: &Change) -> Result<(), Failure> {
        let is_here = |object: &Object| {
            let here = self.namespace.as_ref().is_none_or(|namespace| object.metadata().namespace == *namespace);
            here && self.selection.matches(object)
        };
        let before = change.old.as_ref().is_some_and(is_here);
        let after = is_here(&change.object);
        let (event, object) = match (change.kind, before, after) {
            (ChangeKind::Deleted, true, _) | (ChangeKind::Deleted, _, true) => ("DELETED", change.object.clone()),
            (ChangeKind::Modified, true, false) => ("DELETED", change.object.clone()),
            (ChangeKind::Modified, false, true) | (ChangeKind::Added, _, true) => ("ADDED", change.object.clone()),
            (ChangeKind::Modified, true, true) => ("MODIFIED", change.object.clone()),
            (ChangeKind::Added | ChangeKind::Modified | ChangeKind::Deleted, _, _) => return Ok(()),
        };
        self.print(ctx, event, &[object])
    }

    fn print(&mut self, ctx: &mut Context<'_>, event: &str, objects: &[Object]) -> Result<(), Failure> {
        let text = match &mut self.printer {
            WatchPrinter::Table(printer) => {
                let table = self.maker.table(ctx, self.kind, objects);
                if self.with_events { printer.print_event(event, &table) } else { printer.print(&table) }
            }
            WatchPrinter::Objects(printer) => {
                let mut text = String::new();
                for object in objects {
                    let value = object.encode();
                    let printed =
                        if self.with_events { printer.print_event(event, value) } else { printer.print(&value) };
                    text.push_str(&printed?);
                }
                text
            }
        };
        ctx.out(&text);
        Ok(())
    }
}

/// The changes of a kind after the cursor, which moves behind them.
pub fn changes(ctx: &mut Context<'_>, kind: Kind, cursor: &mut u64) -> Result<Vec<Change>, Failure> {
    let now = ctx.now();
    let revision = ctx.api.revision();
    let found = ctx.api.changes(kind, *cursor, now)?.to_vec();
    *cursor = found.last().map_or(revision, |change| change.revision.max(revision));
    Ok(found)
}
