//! What a script is made of, once parsed. Immutable and shared: a running shell holds `Rc`s into it.
//!
//! Models: POSIX.1-2024 shell grammar, with the parts of bash that people type ([[ ]], (( )), for (( )), <<<, &>).

use std::cell::OnceCell;
use std::rc::Rc;

use thin::Str;

/// Commands one after the other.
#[derive(Debug, PartialEq, Default)]
pub struct List {
    /// In order of execution.
    pub items: Vec<Rc<Item>>,
}

/// Pipelines joined by `&&` and `||`, in the foreground or not.
#[derive(Debug, PartialEq)]
pub struct Item {
    /// Each with what joins it to the one before; the first has `And`.
    pub pipelines: Vec<(Connector, Rc<Pipeline>)>,
    /// Whether `&` ends it.
    pub background: bool,
    /// Its source, for `jobs`.
    pub text: Str,
}

/// What stands between two pipelines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Connector {
    /// `&&`
    And,
    /// `||`
    Or,
}

/// Commands joined by `|`.
#[derive(Debug, PartialEq)]
pub struct Pipeline {
    /// Whether `!` stands before it.
    pub negated: bool,
    /// Whether `time` stands before it.
    pub timed: bool,
    /// At least one.
    pub commands: Vec<Rc<Command>>,
}

/// One command.
#[derive(Debug, PartialEq)]
pub enum Command {
    /// Assignments, words and redirections.
    Simple(Simple),
    /// `{ }`, `( )`, `if`, loops, `case`, `[[ ]]`, `(( ))`.
    Compound(Compound, Vec<Redirect>),
    /// `name() body`
    Function {
        /// The function's name.
        name: Str,
        /// A compound command, most often a group.
        body: Rc<Command>,
    },
}

/// A simple command.
#[derive(Debug, PartialEq, Default)]
pub struct Simple {
    /// `A=1` before the first word.
    pub assignments: Vec<Assignment>,
    /// The command's name and arguments, before expansion.
    pub words: Vec<Word>,
    /// In the order written.
    pub redirects: Vec<Redirect>,
    /// The line of the script, from 1.
    pub line: usize,
}

/// `name=value` or `name+=value`.
#[derive(Debug, PartialEq)]
pub struct Assignment {
    /// The variable.
    pub name: Str,
    /// Whether it is `+=`.
    pub append: bool,
    /// What is assigned.
    pub value: Word,
}

/// A compound command.
#[derive(Debug, PartialEq)]
pub enum Compound {
    /// `{ list; }`
    Group(Rc<List>),
    /// `( list )`
    Subshell(Rc<List>),
    /// `if`, `elif` …, `else`.
    If {
        /// Condition and body.
        branches: Vec<(Rc<List>, Rc<List>)>,
        /// The `else` part.
        otherwise: Option<Rc<List>>,
    },
    /// `for name in words`
    For {
        /// The loop's variable.
        name: Str,
        /// `None` means `"$@"`.
        words: Option<Vec<Word>>,
        /// What is repeated.
        body: Rc<List>,
    },
    /// `for ((init; condition; step))`
    ArithmeticFor {
        /// Evaluated once.
        init: Word,
        /// Evaluated before each round; empty is true.
        condition: Word,
        /// Evaluated after each round.
        step: Word,
        /// What is repeated.
        body: Rc<List>,
    },
    /// `while` and `until`.
    While {
        /// The status of the condition that ends it.
        kind: Loop,
        /// The condition.
        condition: Rc<List>,
        /// What is repeated.
        body: Rc<List>,
    },
    /// `case word in … esac`
    Case {
        /// What is matched.
        word: Word,
        /// In order.
        arms: Vec<Arm>,
    },
    /// `[[ … ]]`
    Test(Test),
    /// `(( … ))`
    Arithmetic(Word),
}

/// Which loop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loop {
    /// Runs while the condition succeeds.
    While,
    /// Runs until the condition succeeds.
    Until,
}

/// `pattern | pattern) list ;;`
#[derive(Debug, PartialEq)]
pub struct Arm {
    /// Any of them.
    pub patterns: Vec<Word>,
    /// What runs.
    pub body: Rc<List>,
    /// How it ends.
    pub end: ArmEnd,
}

/// What follows an arm's list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ArmEnd {
    /// `;;`: the case is done.
    Break,
    /// `;&`: the next body runs too.
    FallThrough,
    /// `;;&`: the next patterns are tried.
    Continue,
}

/// The expression within `[[ ]]`.
#[derive(Debug, PartialEq)]
pub enum Test {
    /// `! expression`
    Not(Box<Test>),
    /// `a && b`
    And(Box<Test>, Box<Test>),
    /// `a || b`
    Or(Box<Test>, Box<Test>),
    /// `-f word`; `-n word` for a word alone.
    Unary(Str, Word),
    /// `word op word`
    Binary(Word, Str, Word),
}

/// A redirection.
#[derive(Debug, PartialEq)]
pub struct Redirect {
    /// The descriptor; `None` means the operator's own (0 or 1).
    pub fd: Option<u32>,
    /// What to do.
    pub kind: RedirectKind,
}

/// What a redirection does.
#[derive(Debug, PartialEq)]
pub enum RedirectKind {
    /// `<`
    Read(Word),
    /// `>` and `>|`
    Write(Word),
    /// `>>`
    Append(Word),
    /// `<>`
    ReadWrite(Word),
    /// `<&` and `>&` with a digit or `-`.
    Duplicate(Word),
    /// `&>` and `>&` with a file.
    Both(Word),
    /// `&>>`
    BothAppend(Word),
    /// `<<`: the body is set when the line has ended.
    HereDocument(Rc<OnceCell<Word>>),
    /// `<<<`
    HereString(Word),
}

/// A word before expansion.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Word {
    /// Side by side.
    pub parts: Vec<Part>,
}

impl Word {
    /// A word of one literal.
    pub fn literal(text: &str) -> Word {
        Word { parts: vec![Part::Literal(text.into())] }
    }

    /// Its text if nothing in it is quoted or expanded.
    pub fn as_literal(&self) -> Option<&str> {
        match self.parts.as_slice() {
            [Part::Literal(text)] => Some(text),
            _ => None,
        }
    }
}

/// A part of a word.
#[derive(Clone, Debug, PartialEq)]
pub enum Part {
    /// Unquoted text: tilde, braces and globs live.
    Literal(Str),
    /// Text that stands for itself.
    Quoted(Str),
    /// Within `"…"`.
    Double(Vec<Part>),
    /// `$name`, `${…}`
    Parameter(Rc<Parameter>),
    /// `$(…)`, `` `…` ``
    Substitution(Rc<List>),
    /// `$((…))`
    Arithmetic(Rc<Word>),
}

/// A parameter expansion.
#[derive(Debug, PartialEq)]
pub struct Parameter {
    /// A variable's name, a position, or one of `@*#?$!-`.
    pub name: Str,
    /// What is made of its value.
    pub change: Change,
}

/// What `${…}` makes of a value.
#[derive(Debug, PartialEq)]
pub enum Change {
    /// `${name}`
    None,
    /// `${#name}`
    Length,
    /// `${!name}`
    Indirect,
    /// `-`, `=`, `?`, `+`.
    Unset {
        /// Whether `:` makes the empty value count as unset.
        or_empty: bool,
        /// Which of the four.
        action: UnsetAction,
        /// The word after it.
        word: Word,
    },
    /// `#`, `##`, `%`, `%%`
    Trim {
        /// Where.
        end: End,
        /// How much.
        greed: Greed,
        /// What.
        pattern: Word,
    },
    /// `/pattern/with`
    Replace {
        /// Where and how often.
        scope: Scope,
        /// What.
        pattern: Word,
        /// By what.
        with: Word,
    },
    /// `:offset:length`
    Slice {
        /// An arithmetic expression.
        offset: Word,
        /// An arithmetic expression.
        length: Option<Word>,
    },
    /// `^`, `^^`, `,`, `,,`
    Case {
        /// To which case.
        to: LetterCase,
        /// The first letter or all.
        scope: Scope,
    },
}

/// What happens with an unset parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnsetAction {
    /// `-`
    Default,
    /// `=`
    Assign,
    /// `?`
    Error,
    /// `+`
    Alternate,
}

/// An end of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// `#`
    Start,
    /// `%`
    Finish,
}

/// How much a pattern takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Greed {
    /// One sign.
    Shortest,
    /// Two signs.
    Longest,
}

/// Where a replacement happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// `/`
    First,
    /// `//`
    All,
    /// `/#`
    Start,
    /// `/%`
    Finish,
}

/// Upper or lower case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LetterCase {
    /// `^`
    Upper,
    /// `,`
    Lower,
}
