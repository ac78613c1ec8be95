//! The grammar of commands.

use std::cell::OnceCell;
use std::rc::Rc;

use thin::Str;

use super::{CompleteCommand, Fault, Missing, Parsed, Parser, Pending};
use crate::ast::*;
use crate::limits::{ALIASES_MAX, INPUT_BYTES_MAX};

/// Words that end a list because they cannot start a command.
const CLOSING_WORDS: [&str; 8] = ["then", "else", "elif", "fi", "do", "done", "esac", "}"];
const OPERATORS: [&str; 17] =
    [";;&", "<<<", "&>>", ";;", ";&", "&&", "||", "<<", ">>", "<&", ">&", "&>", ";", "&", "|", "(", ")"];

/// Whether the text is a variable's name.
pub(crate) fn is_name(text: &str) -> bool {
    !text.is_empty()
        && !text.starts_with(|c: char| c.is_ascii_digit())
        && text.bytes().all(|byte| byte == b'_' || byte.is_ascii_alphanumeric())
}

impl Parser<'_> {
    pub(super) fn complete_command(&mut self) -> Parsed<Option<CompleteCommand>> {
        self.skip_newlines()?;
        if self.at >= self.text.len() {
            return Ok(None);
        }
        let start = self.at;
        let mut items = Vec::new();
        loop {
            items.push(Rc::new(self.item()?));
            self.skip_blanks();
            match self.peek() {
                None => break,
                Some(b'\n') => break,
                Some(b')') => return self.unexpected(),
                Some(_) => {}
            }
            if self.looking_at(";") || self.closing_word().is_some() {
                return self.unexpected();
            }
        }
        let mut end = self.at;
        while end > start && matches!(self.text.as_bytes()[end - 1], b' ' | b'\t' | b'\r') {
            end -= 1;
        }
        if !self.pending.is_empty() {
            if self.at >= self.text.len() {
                let Pending { delimiter, strip_tabs, .. } = self.pending.remove(0);
                return self.incomplete(Missing::HereDocument { delimiter, strip_tabs });
            }
            self.newline()?;
            end = self.at;
        }
        Ok(Some(CompleteCommand { list: Rc::new(List { items }), start, end: end.min(self.text.len()) }))
    }

    /// The error for what stands here.
    fn unexpected<T>(&mut self) -> Parsed<T> {
        self.skip_blanks();
        let token = match self.peek() {
            None => return self.incomplete(Missing::Command),
            Some(b'\n') => "newline".to_string(),
            Some(_) => match OPERATORS.iter().find(|operator| self.looking_at(operator)) {
                Some(operator) => (*operator).to_string(),
                None => self.raw_word().to_string(),
            },
        };
        Err(self.error(Fault::Unexpected(token)))
    }

    /// The characters up to the next blank or operator.
    fn raw_word(&self) -> &str {
        let rest = self.rest();
        let end = rest.find([' ', '\t', '\n', '\r', ';', '&', '|', '<', '>', '(', ')']).unwrap_or(rest.len());
        &rest[..end]
    }

    fn closing_word(&self) -> Option<&'static str> {
        let word = self.raw_word();
        CLOSING_WORDS.into_iter().find(|closing| *closing == word)
    }

    fn at_keyword(&self, keyword: &str) -> bool {
        self.raw_word() == keyword
    }

    fn take_keyword(&mut self, keyword: &str) -> bool {
        let found = self.at_keyword(keyword);
        if found {
            self.at += keyword.len();
        }
        found
    }

    fn expect_keyword(&mut self, keyword: &str) -> Parsed<()> {
        self.skip_newlines()?;
        if self.take_keyword(keyword) { Ok(()) } else { self.unexpected() }
    }

    /// Commands up to something that cannot start one.
    pub(super) fn list(&mut self) -> Parsed<Rc<List>> {
        let mut items = Vec::new();
        loop {
            self.skip_newlines()?;
            match self.peek() {
                None | Some(b')' | b';' | b'&' | b'|') => break,
                Some(_) if self.closing_word().is_some() => break,
                Some(_) => items.push(Rc::new(self.item()?)),
            }
            self.skip_blanks();
            // A separator that `item` left is one too many; whoever called says so.
            if let Some(b';' | b'&' | b'|') = self.peek() {
                break;
            }
        }
        Ok(Rc::new(List { items }))
    }

    fn filled_list(&mut self) -> Parsed<Rc<List>> {
        let list = self.list()?;
        if list.items.is_empty() { self.unexpected() } else { Ok(list) }
    }

    /// Pipelines with `&&` and `||`, and the `;` or `&` behind them.
    fn item(&mut self) -> Parsed<Item> {
        let start = self.at;
        let mut pipelines = vec![(Connector::And, Rc::new(self.pipeline()?))];
        loop {
            self.skip_blanks();
            let connector = match () {
                () if self.take("&&") => Connector::And,
                () if self.take("||") => Connector::Or,
                () => break,
            };
            self.skip_newlines()?;
            pipelines.push((connector, Rc::new(self.pipeline()?)));
        }
        let text: Str = self.text[start.min(self.at)..self.at].trim().into();
        let background = self.looking_at("&") && !self.looking_at("&>") && self.take("&");
        if !background && !self.looking_at(";;") && !self.looking_at(";&") {
            self.take(";");
        }
        Ok(Item { pipelines, background, text })
    }

    fn pipeline(&mut self) -> Parsed<Pipeline> {
        self.skip_blanks();
        let (mut negated, mut timed) = (false, false);
        loop {
            if self.take_keyword("!") {
                negated = !negated;
            } else if self.take_keyword("time") {
                timed = true;
            } else {
                break;
            }
            self.skip_blanks();
        }
        let mut commands = vec![Rc::new(self.command()?)];
        loop {
            self.skip_blanks();
            if self.looking_at("||") || !self.looking_at("|") {
                break;
            }
            self.at += 1;
            if self.take("&") {
                let both = Redirect { fd: Some(2), kind: RedirectKind::Duplicate(Word::literal("1")) };
                add_redirect(commands.last_mut(), both);
            }
            self.skip_newlines()?;
            commands.push(Rc::new(self.command()?));
        }
        Ok(Pipeline { negated, timed, commands })
    }

    fn command(&mut self) -> Parsed<Command> {
        self.skip_blanks();
        self.replace_aliases()?;
        if let Some(compound) = self.compound()? {
            let mut redirects = Vec::new();
            loop {
                self.skip_blanks();
                match self.redirect()? {
                    Some(redirect) => redirects.push(redirect),
                    None => break,
                }
            }
            return Ok(Command::Compound(compound, redirects));
        }
        match self.function()? {
            Some(function) => Ok(function),
            None => self.simple(),
        }
    }

    /// Puts the text of an alias in the place of the word here.
    fn replace_aliases(&mut self) -> Parsed<()> {
        if self.aliases.is_empty() {
            return Ok(());
        }
        loop {
            if self.at >= self.alias_end {
                self.alias_seen.clear();
            }
            let word = self.raw_word();
            let Some((name, value)) = self.aliases.get_key_value(word) else { return Ok(()) };
            if self.alias_seen.contains(name) || self.alias_count >= ALIASES_MAX {
                return Ok(());
            }
            let (name, value) = (name.clone(), value.clone());
            if self.text.len() + value.len() > INPUT_BYTES_MAX {
                return Err(self.error(Fault::TooLong));
            }
            let range = self.at..self.at + name.len();
            self.text.to_mut().replace_range(range, &value);
            // Everything behind the alias stands elsewhere now.
            self.not_arithmetic.clear();
            self.alias_end = self.at + value.len();
            self.alias_seen.push(name);
            self.alias_count += 1;
            self.skip_blanks();
        }
    }

    fn compound(&mut self) -> Parsed<Option<Compound>> {
        if self.looking_at("((") && self.can_be_arithmetic(self.at) {
            let start = self.at;
            // A text that is no arithmetic is read again as subshells, at most once per level.
            self.check_parentheses()?;
            match self.double_parenthesis() {
                Ok(compound) => return Ok(Some(compound)),
                Err(_) => {
                    self.at = start;
                    self.is_no_arithmetic(start);
                }
            }
        }
        if self.take("(") {
            let list = self.deeper(Self::filled_list)?;
            self.skip_newlines()?;
            return if self.take(")") { Ok(Some(Compound::Subshell(list))) } else { self.unexpected_before(')') };
        }
        let parse = match self.raw_word() {
            "{" => Self::group,
            "if" => Self::if_clause,
            "for" => Self::for_clause,
            "while" | "until" => Self::while_clause,
            "case" => Self::case_clause,
            "[[" => Self::test_clause,
            "select" | "coproc" => return Err(self.error(Fault::Unsupported(format!("`{}'", self.raw_word())))),
            word if CLOSING_WORDS.contains(&word) => return self.unexpected(),
            _ => return Ok(None),
        };
        self.deeper(parse).map(Some)
    }

    fn unexpected_before<T>(&mut self, closing: char) -> Parsed<T> {
        self.skip_blanks();
        match self.peek() {
            None if closing != ')' => self.incomplete(Missing::Closing(closing)),
            _ => self.unexpected(),
        }
    }

    fn double_parenthesis(&mut self) -> Parsed<Compound> {
        self.at += 2;
        let word = self.arithmetic_text(&[])?;
        if self.take("))") { Ok(Compound::Arithmetic(word)) } else { self.unexpected() }
    }

    fn group(&mut self) -> Parsed<Compound> {
        self.at += 1;
        let list = self.filled_list()?;
        self.expect_keyword("}")?;
        Ok(Compound::Group(list))
    }

    fn if_clause(&mut self) -> Parsed<Compound> {
        self.at += 2;
        let mut branches = Vec::new();
        loop {
            let condition = self.filled_list()?;
            self.expect_keyword("then")?;
            branches.push((condition, self.filled_list()?));
            self.skip_newlines()?;
            if !self.take_keyword("elif") {
                break;
            }
        }
        let otherwise = if self.take_keyword("else") { Some(self.filled_list()?) } else { None };
        self.expect_keyword("fi")?;
        Ok(Compound::If { branches, otherwise })
    }

    fn for_clause(&mut self) -> Parsed<Compound> {
        self.at += 3;
        self.skip_blanks();
        if self.take("((") {
            return self.arithmetic_for();
        }
        let name: Str = self.raw_word().into();
        if !is_name(&name) {
            return if self.at >= self.text.len() { self.incomplete(Missing::Command) } else { self.unexpected() };
        }
        self.at += name.len();
        self.skip_newlines()?;
        let words = if self.take_keyword("in") {
            let words = self.words()?;
            self.skip_blanks();
            if !self.take(";") && self.peek().is_some_and(|byte| byte != b'\n') {
                return self.unexpected();
            }
            Some(words)
        } else {
            self.take(";");
            None
        };
        let body = self.do_group()?;
        Ok(Compound::For { name, words, body })
    }

    fn arithmetic_for(&mut self) -> Parsed<Compound> {
        let mut parts = Vec::new();
        for _ in 0..2 {
            parts.push(self.arithmetic_text(b";")?);
            if !self.take(";") {
                return Err(self.error(Fault::Malformed("arithmetic expression required".into())));
            }
        }
        let step = self.arithmetic_text(&[])?;
        if !self.take("))") {
            return self.unexpected();
        }
        let (condition, init) = (parts.pop().unwrap_or_default(), parts.pop().unwrap_or_default());
        self.skip_blanks();
        self.take(";");
        let body = self.do_group()?;
        Ok(Compound::ArithmeticFor { init, condition, step, body })
    }

    fn do_group(&mut self) -> Parsed<Rc<List>> {
        self.skip_newlines()?;
        if self.at_keyword("{") {
            self.at += 1;
            let list = self.filled_list()?;
            self.expect_keyword("}")?;
            return Ok(list);
        }
        self.expect_keyword("do")?;
        let body = self.filled_list()?;
        self.expect_keyword("done")?;
        Ok(body)
    }

    fn while_clause(&mut self) -> Parsed<Compound> {
        let kind = if self.take_keyword("while") { Loop::While } else { Loop::Until };
        if kind == Loop::Until {
            self.at += "until".len();
        }
        let condition = self.filled_list()?;
        let body = self.do_group()?;
        Ok(Compound::While { kind, condition, body })
    }

    fn case_clause(&mut self) -> Parsed<Compound> {
        self.at += 4;
        self.skip_blanks();
        let word = match self.word()? {
            Some(word) => word,
            None => return self.unexpected(),
        };
        self.expect_keyword("in")?;
        let mut arms = Vec::new();
        loop {
            self.skip_newlines()?;
            if self.take_keyword("esac") {
                return Ok(Compound::Case { word, arms });
            }
            arms.push(self.arm()?);
        }
    }

    fn arm(&mut self) -> Parsed<Arm> {
        self.take("(");
        let mut patterns = Vec::new();
        loop {
            self.skip_blanks();
            match self.word()? {
                Some(pattern) => patterns.push(pattern),
                None => return self.unexpected(),
            }
            self.skip_blanks();
            if !self.take("|") {
                break;
            }
        }
        if !self.take(")") {
            return self.unexpected();
        }
        let body = self.list()?;
        self.skip_newlines()?;
        let end = match () {
            () if self.take(";;&") => ArmEnd::Continue,
            () if self.take(";;") => ArmEnd::Break,
            () if self.take(";&") => ArmEnd::FallThrough,
            () if self.at_keyword("esac") => ArmEnd::Break,
            () => return self.unexpected(),
        };
        Ok(Arm { patterns, body, end })
    }

    fn test_clause(&mut self) -> Parsed<Compound> {
        self.at += 2;
        let test = self.test_or()?;
        self.skip_newlines()?;
        if self.take_keyword("]]") { Ok(Compound::Test(test)) } else { self.unexpected() }
    }

    fn test_or(&mut self) -> Parsed<Test> {
        let mut left = self.test_and()?;
        loop {
            self.skip_newlines()?;
            if !self.take("||") {
                return Ok(left);
            }
            left = Test::Or(Box::new(left), Box::new(self.test_and()?));
        }
    }

    fn test_and(&mut self) -> Parsed<Test> {
        let mut left = self.test_not()?;
        loop {
            self.skip_newlines()?;
            if !self.take("&&") {
                return Ok(left);
            }
            left = Test::And(Box::new(left), Box::new(self.test_not()?));
        }
    }

    fn test_not(&mut self) -> Parsed<Test> {
        self.skip_newlines()?;
        if self.take_keyword("!") {
            return Ok(Test::Not(Box::new(self.deeper(Self::test_not)?)));
        }
        if self.take("(") {
            let inner = self.deeper(Self::test_or)?;
            self.skip_newlines()?;
            return if self.take(")") { Ok(inner) } else { self.unexpected() };
        }
        self.test_primary()
    }

    fn test_primary(&mut self) -> Parsed<Test> {
        if self.at_keyword("]]") {
            return self.unexpected();
        }
        let operator: Str = self.raw_word().into();
        if operator.len() == 2 && operator.starts_with('-') && operator.as_bytes()[1].is_ascii_alphabetic() {
            self.at += 2;
            self.skip_blanks();
            return match self.word()? {
                Some(word) => Ok(Test::Unary(operator, word)),
                None => self.unexpected(),
            };
        }
        let Some(left) = self.word()? else { return self.unexpected() };
        self.skip_blanks();
        let operator: Str = match self.peek() {
            Some(sign @ (b'<' | b'>')) => (sign as char).into(),
            _ => self.raw_word().into(),
        };
        let known = ["=", "==", "!=", "=~", "<", ">", "-eq", "-ne", "-lt", "-le", "-gt", "-ge", "-nt", "-ot", "-ef"];
        if !known.contains(&&*operator) {
            return Ok(Test::Unary("-n".into(), left));
        }
        self.at += operator.len();
        self.skip_blanks();
        let right = if operator == "=~" { self.regex_word()? } else { self.word()? };
        match right {
            Some(right) => Ok(Test::Binary(left, operator, right)),
            None => self.unexpected(),
        }
    }

    fn function(&mut self) -> Parsed<Option<Command>> {
        let start = self.at;
        let keyword = self.take_keyword("function");
        self.skip_blanks();
        let name: Str = self.raw_word().into();
        let plausible = !name.is_empty() && !name.contains(['$', '\'', '"', '`', '\\', '=', '{']);
        let mut after = self.at + name.len();
        while self.text.as_bytes().get(after).is_some_and(|byte| matches!(byte, b' ' | b'\t')) {
            after += 1;
        }
        let parentheses = plausible && self.text[after..].starts_with('(');
        if !plausible || !(keyword || parentheses) {
            self.at = start;
            return Ok(None);
        }
        self.at = after;
        if parentheses {
            self.at += 1;
            self.skip_blanks();
            if !self.take(")") {
                return self.unexpected();
            }
        }
        self.skip_newlines()?;
        if self.at >= self.text.len() {
            return self.incomplete(Missing::Command);
        }
        let body = self.deeper(Self::command)?;
        match body {
            Command::Compound(..) => Ok(Some(Command::Function { name, body: Rc::new(body) })),
            Command::Simple(_) | Command::Function { .. } => self.unexpected(),
        }
    }

    fn simple(&mut self) -> Parsed<Command> {
        let mut simple = Simple { line: self.line(), ..Simple::default() };
        loop {
            self.skip_blanks();
            if let Some(redirect) = self.redirect()? {
                simple.redirects.push(redirect);
            } else if let Some(assignment) = self.assignment(&simple)? {
                simple.assignments.push(assignment);
            } else if let Some(word) = self.word()? {
                simple.words.push(word);
            } else {
                break;
            }
        }
        if simple.words.is_empty() && simple.assignments.is_empty() && simple.redirects.is_empty() {
            return self.unexpected();
        }
        if self.looking_at("(") {
            return self.unexpected();
        }
        Ok(Command::Simple(simple))
    }

    fn assignment(&mut self, simple: &Simple) -> Parsed<Option<Assignment>> {
        if !simple.words.is_empty() {
            return Ok(None);
        }
        let word = self.raw_word();
        let Some(at) = word.find('=') else { return Ok(None) };
        let (name, append) = match word[..at].strip_suffix('+') {
            Some(name) => (name, true),
            None => (&word[..at], false),
        };
        if !is_name(name) {
            return Ok(None);
        }
        let name: Str = name.into();
        self.at += at + 1;
        if self.looking_at("(") {
            return Err(self.error(Fault::Unsupported("an array".into())));
        }
        let value = self.word()?.unwrap_or_default();
        Ok(Some(Assignment { name, append, value }))
    }

    fn words(&mut self) -> Parsed<Vec<Word>> {
        let mut words = Vec::new();
        loop {
            self.skip_blanks();
            match self.word()? {
                Some(word) => words.push(word),
                None => return Ok(words),
            }
        }
    }

    fn redirect(&mut self) -> Parsed<Option<Redirect>> {
        let digits = self.rest().bytes().take_while(u8::is_ascii_digit).count();
        let operator_at = self.at + digits;
        let sign = self.text.as_bytes().get(operator_at).copied();
        let both = digits == 0 && self.looking_at("&>");
        if !matches!(sign, Some(b'<' | b'>')) && !both {
            return Ok(None);
        }
        let fd = self.text[self.at..operator_at].parse().ok();
        if digits > 0 && fd.is_none_or(|fd: u32| fd > 9) {
            return Err(self.error(Fault::Unsupported("a file descriptor above 9".into())));
        }
        self.at = operator_at;
        let operator = ["<<<", "<<-", "<<", "<>", "<&", "<", ">>", ">|", ">&", ">", "&>>", "&>"]
            .into_iter()
            .find(|operator| self.looking_at(operator))
            .expect("a sign of an operator was seen");
        if self.looking_at("<(") || self.looking_at(">(") {
            return Err(self.error(Fault::Unsupported("process substitution".into())));
        }
        self.at += operator.len();
        self.skip_blanks();
        if let "<<" | "<<-" = operator {
            return self.here_document_start(fd, operator == "<<-").map(Some);
        }
        let Some(target) = self.word()? else { return self.unexpected() };
        let digit_or_dash = target.as_literal().is_some_and(|t| t == "-" || t.bytes().all(|b| b.is_ascii_digit()));
        let literal = target.as_literal().is_some();
        let kind = match operator {
            "<<<" => RedirectKind::HereString(target),
            "<>" => RedirectKind::ReadWrite(target),
            "<&" => RedirectKind::Duplicate(target),
            "<" => RedirectKind::Read(target),
            ">>" => RedirectKind::Append(target),
            ">&" if literal && !digit_or_dash => RedirectKind::Both(target),
            ">&" => RedirectKind::Duplicate(target),
            "&>>" => RedirectKind::BothAppend(target),
            "&>" => RedirectKind::Both(target),
            _ => RedirectKind::Write(target),
        };
        let fd = fd.or(if operator == ">&" { Some(1) } else { None });
        Ok(Some(Redirect { fd, kind }))
    }

    fn here_document_start(&mut self, fd: Option<u32>, strip_tabs: bool) -> Parsed<Redirect> {
        let start = self.at;
        if self.word()?.is_none() {
            return self.unexpected();
        }
        let source = self.text[start..self.at].to_string();
        let quoted = source.contains(['\'', '"', '\\']);
        let delimiter: String = source.chars().filter(|c| !matches!(c, '\'' | '"' | '\\')).collect();
        let body = Rc::new(OnceCell::new());
        self.pending.push(Pending { delimiter, strip_tabs, quoted, body: body.clone() });
        Ok(Redirect { fd, kind: RedirectKind::HereDocument(body) })
    }
}

fn add_redirect(command: Option<&mut Rc<Command>>, redirect: Redirect) {
    match command.and_then(Rc::get_mut) {
        Some(Command::Simple(simple)) => simple.redirects.push(redirect),
        Some(Command::Compound(_, redirects)) => redirects.push(redirect),
        Some(Command::Function { .. }) | None => {}
    }
}
