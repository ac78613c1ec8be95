//! A shell's variables.

use ordered::OrderedMap;
use std::rc::Rc;

use thin::Str;

/// A variable.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Variable {
    /// `None`: declared (exported, local) but not set.
    pub(crate) value: Option<Str>,
    /// Whether programs get it.
    pub(crate) exported: bool,
    /// Whether it may not change.
    pub(crate) readonly: bool,
}

/// Variables by name, shared between a shell and its subshells until one of them changes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Variables(Rc<OrderedMap<Str, Variable>>);

/// An assignment to a variable that may not change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ReadOnly(pub(crate) Str);

impl Variables {
    /// The value, if set.
    pub(crate) fn get(&self, name: &str) -> Option<&Str> {
        self.0.get(name).and_then(|variable| variable.value.as_ref())
    }

    /// The variable with its marks.
    pub(crate) fn variable(&self, name: &str) -> Option<&Variable> {
        self.0.get(name)
    }

    /// Sets a value and keeps the marks.
    pub(crate) fn set(&mut self, name: &str, value: impl Into<Str>) -> Result<(), ReadOnly> {
        self.change(name, |variable| variable.value = Some(value.into()))
    }

    /// Marks it for export.
    pub(crate) fn export(&mut self, name: &str) {
        Rc::make_mut(&mut self.0).entry(name.into()).or_default().exported = true;
    }

    /// Takes the export mark away.
    pub(crate) fn unexport(&mut self, name: &str) {
        if let Some(variable) = Rc::make_mut(&mut self.0).get_mut(name) {
            variable.exported = false;
        }
    }

    /// Forbids changes.
    pub(crate) fn make_readonly(&mut self, name: &str) {
        Rc::make_mut(&mut self.0).entry(name.into()).or_default().readonly = true;
    }

    /// Removes it.
    pub(crate) fn unset(&mut self, name: &str) -> Result<(), ReadOnly> {
        match self.0.get(name) {
            Some(variable) if variable.readonly => Err(ReadOnly(name.into())),
            Some(_) => {
                Rc::make_mut(&mut self.0).remove(name);
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// Puts a variable back as it was (after a function or a temporary assignment).
    pub(crate) fn restore(&mut self, name: &str, old: Option<Variable>) {
        let map = Rc::make_mut(&mut self.0);
        match old {
            Some(variable) => map.insert(name.into(), variable),
            None => map.remove(name),
        };
    }

    /// All, in the order of names.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&Str, &Variable)> {
        self.0.iter()
    }

    /// What programs get.
    pub(crate) fn environment(&self) -> OrderedMap<Str, Str> {
        let exported = self.0.iter().filter(|(_, variable)| variable.exported);
        exported.filter_map(|(name, variable)| Some((name.clone(), variable.value.clone()?))).collect()
    }

    fn change(&mut self, name: &str, edit: impl FnOnce(&mut Variable)) -> Result<(), ReadOnly> {
        if self.0.get(name).is_some_and(|variable| variable.readonly) {
            return Err(ReadOnly(name.into()));
        }
        edit(Rc::make_mut(&mut self.0).entry(name.into()).or_default());
        Ok(())
    }
}
