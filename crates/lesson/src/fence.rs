//! Info strings: what a fenced block is.

/// An info string, taken apart.
pub(crate) struct Info<'a> {
    /// The first word.
    pub(crate) name: &'a str,
    words: Vec<&'a str>,
}

impl<'a> Info<'a> {
    pub(crate) fn of(text: &'a str) -> Info<'a> {
        // Other people's: ```shell {linenos=true} and ```{.bash}.
        let mut words = text.split([' ', '{', '}', ',']).filter(|word| !word.is_empty());
        let name = words.next().unwrap_or_default().trim_start_matches('.');
        Info { name, words: words.collect() }
    }

    /// Takes a word out.
    pub(crate) fn flag(&mut self, name: &str) -> bool {
        let before = self.words.len();
        self.words.retain(|word| *word != name);
        self.words.len() < before
    }

    /// Takes `name=value` out.
    pub(crate) fn value(&mut self, name: &str) -> Option<&'a str> {
        let found = self.words.iter().position(|word| word.split_once('=').is_some_and(|(key, _)| key == name))?;
        self.words.remove(found).split_once('=').map(|(_, value)| value)
    }

    /// Takes `terminal=2` out.
    pub(crate) fn terminal(&mut self) -> Result<Option<u32>, String> {
        let Some(value) = self.value("terminal") else { return Ok(None) };
        let number = value.parse::<u32>().ok().filter(|number| (1..=TERMINALS_MAX).contains(number));
        number.map(Some).ok_or_else(|| format!("terminal={value}: terminals are numbered 1 to {TERMINALS_MAX}"))
    }

    /// What nobody has taken.
    pub(crate) fn rest(&self) -> Option<&'a str> {
        self.words.first().copied()
    }
}

/// As many as the page has room for.
const TERMINALS_MAX: u32 = 4;
