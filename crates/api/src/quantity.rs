//! Quantities: `500m`, `1Gi`, `1e3`.
//!
//! A quantity is a whole number of billionths, held exactly, and the format in which it was written. It prints in one
//! canonical form: `1024Mi` is `1Gi`, `0.5` is `500m`. Two quantities are equal if they are the same amount.
//!
//! Models: kubernetes v1.36 apimachinery/pkg/api/resource. Different: amounts beyond 10^27 are cut off there.

use std::cmp::Ordering;
use std::fmt;
use std::ops::{Add, Neg, Sub};

use thiserror::Error;

/// Why a text is not a quantity.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum QuantityError {
    /// It has another shape.
    #[error("quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'")]
    Format,
    /// Its number cannot be read.
    #[error("unable to parse numeric part of quantity")]
    Numeric,
    /// It has no known suffix.
    #[error("unable to parse quantity's suffix")]
    Suffix,
}

/// How a quantity is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Format {
    /// `12e6`
    DecimalExponent,
    /// `12Mi`
    BinarySi,
    /// `12M`
    #[default]
    DecimalSi,
}

/// An amount of something: CPU, bytes, a count.
#[derive(Clone, Copy, Debug, Default)]
pub struct Quantity {
    nanos: i128,
    /// How it is printed, as far as that is exact.
    pub format: Format,
}

const UNIT: i128 = 1_000_000_000;

/// Amounts stop here, far above 2^63 units and far below the end of 128 bits.
const NANOS_MAX: i128 = UNIT * 1_000_000_000_000_000_000_000_000_000;

const DECIMAL_SUFFIXES: [(&str, i32); 10] =
    [("n", -9), ("u", -6), ("m", -3), ("", 0), ("k", 3), ("M", 6), ("G", 9), ("T", 12), ("P", 15), ("E", 18)];

const BINARY_SUFFIXES: [(&str, u32); 6] = [("Ki", 10), ("Mi", 20), ("Gi", 30), ("Ti", 40), ("Pi", 50), ("Ei", 60)];

impl Quantity {
    /// Nothing.
    pub const ZERO: Quantity = Quantity { nanos: 0, format: Format::DecimalSi };

    /// Reads a quantity; more than nine decimal places are rounded up.
    pub fn parse(text: &str) -> Result<Quantity, QuantityError> {
        crate::reached!("api::quantity::Quantity::parse");
        let (number, suffix) = split(text)?;
        let (scale, format) = interpret(suffix)?;
        let (is_negative, digits) = match number.as_bytes().first() {
            Some(b'-') => (true, &number[1..]),
            Some(b'+') => (false, &number[1..]),
            _ => (false, number),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let (magnitude, format) = match scale {
            Scale::Ten(exponent) => (decimal_nanos(whole, fraction, exponent), format),
            Scale::Two(power) => {
                let nanos = binary_nanos(whole, fraction, power).min(i128::from(i64::MAX) * UNIT);
                (nanos, if nanos < UNIT { Format::DecimalSi } else { format })
            }
        };
        Ok(Quantity { nanos: if is_negative { -magnitude } else { magnitude }, format })
    }

    /// So many units.
    pub const fn new(units: i64, format: Format) -> Quantity {
        Quantity { nanos: units as i128 * UNIT, format }
    }

    /// `number` × 10^`scale`, with the scale from -9 to 18.
    pub fn from_scaled(number: i64, scale: i32) -> Quantity {
        crate::reached!("api::quantity::Quantity::from_scaled");
        Quantity { nanos: power_of_ten(scale + 9), format: Format::DecimalSi }.multiply(number).0
    }

    /// In units, rounded away from zero.
    pub fn value(self) -> i64 {
        self.scaled_value(0)
    }

    /// In thousandths, rounded away from zero.
    pub fn milli_value(self) -> i64 {
        self.scaled_value(-3)
    }

    /// In 10^`scale`, rounded away from zero.
    pub fn scaled_value(self, scale: i32) -> i64 {
        crate::reached!("api::quantity::Quantity::scaled_value");
        let amount = divide_away_from_zero(self.nanos, power_of_ten(scale + 9));
        amount.clamp(i128::from(i64::MIN), i128::from(i64::MAX)) as i64
    }

    /// As a number with a fraction, for percentages.
    pub fn approximate(self) -> f64 {
        crate::reached!("api::quantity::Quantity::approximate");
        self.nanos as f64 / UNIT as f64
    }

    /// Rounded away from zero to a multiple of 10^`scale`.
    pub fn round_up(self, scale: i32) -> Quantity {
        crate::reached!("api::quantity::Quantity::round_up");
        let step = power_of_ten(scale + 9);
        Quantity { nanos: divide_away_from_zero(self.nanos, step) * step, format: self.format }
    }

    /// Whether it is nothing.
    pub fn is_zero(self) -> bool {
        self.nanos == 0
    }

    /// Less, as much as or more than nothing.
    pub fn sign(self) -> Ordering {
        self.nanos.cmp(&0)
    }

    /// So many times the quantity; the flag says that the result is exact and fits 64 bits of units.
    pub fn multiply(self, by: i64) -> (Quantity, bool) {
        crate::reached!("api::quantity::Quantity::multiply");
        let product = self.nanos.saturating_mul(i128::from(by)).clamp(-NANOS_MAX, NANOS_MAX);
        let fits = i64::try_from(product / UNIT).is_ok();
        (Quantity { nanos: product, format: self.format }, fits)
    }

    fn combine(self, other: Quantity, nanos: i128) -> Quantity {
        let format = if self.is_zero() { other.format } else { self.format };
        Quantity { nanos: nanos.clamp(-NANOS_MAX, NANOS_MAX), format }
    }

    /// The canonical number and the power of ten that goes with it, a multiple of three.
    fn canonical_decimal(self) -> (i128, i32) {
        let (mut number, mut exponent) = (self.nanos, -9);
        while exponent < 18 && number % 1_000 == 0 {
            number /= 1_000;
            exponent += 3;
        }
        (number, exponent)
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        crate::reached!("api::quantity::Quantity::fmt");
        if self.is_zero() {
            return f.write_str("0");
        }
        let units = self.nanos / UNIT;
        if self.format == Format::BinarySi && self.nanos % UNIT == 0 && units.abs() >= 1_024 {
            let (mut number, mut suffix) = (units, "");
            for (next, _) in BINARY_SUFFIXES {
                if number % 1_024 != 0 {
                    break;
                }
                (number, suffix) = (number / 1_024, next);
            }
            return write!(f, "{number}{suffix}");
        }
        let (number, exponent) = self.canonical_decimal();
        match self.format {
            Format::DecimalExponent if exponent != 0 => write!(f, "{number}e{exponent}"),
            Format::DecimalExponent | Format::BinarySi | Format::DecimalSi => {
                let suffix = DECIMAL_SUFFIXES.iter().find(|(_, of)| *of == exponent).map_or("", |(suffix, _)| suffix);
                write!(f, "{number}{suffix}")
            }
        }
    }
}

impl PartialEq for Quantity {
    fn eq(&self, other: &Quantity) -> bool {
        self.nanos == other.nanos
    }
}
impl Eq for Quantity {}
impl PartialOrd for Quantity {
    fn partial_cmp(&self, other: &Quantity) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Quantity {
    fn cmp(&self, other: &Quantity) -> Ordering {
        crate::reached!("api::quantity::Quantity::cmp");
        self.nanos.cmp(&other.nanos)
    }
}
impl Add for Quantity {
    type Output = Quantity;
    fn add(self, other: Quantity) -> Quantity {
        crate::reached!("api::quantity::Quantity::add");
        self.combine(other, self.nanos + other.nanos)
    }
}
impl Sub for Quantity {
    type Output = Quantity;
    fn sub(self, other: Quantity) -> Quantity {
        crate::reached!("api::quantity::Quantity::sub");
        self + (-other)
    }
}
impl Neg for Quantity {
    type Output = Quantity;
    fn neg(self) -> Quantity {
        Quantity { nanos: -self.nanos, format: self.format }
    }
}
impl std::str::FromStr for Quantity {
    type Err = QuantityError;
    fn from_str(text: &str) -> Result<Quantity, QuantityError> {
        Quantity::parse(text)
    }
}

enum Scale {
    Ten(i32),
    Two(u32),
}

/// Number and suffix of a text of the right shape.
pub(crate) fn split(text: &str) -> Result<(&str, &str), QuantityError> {
    let signed = text.strip_prefix(['-', '+']).unwrap_or(text);
    let whole = signed.bytes().take_while(u8::is_ascii_digit).count();
    let mut rest = &signed[whole..];
    let mut has_point = false;
    if let Some(fraction) = rest.strip_prefix('.') {
        has_point = true;
        rest = &fraction[fraction.bytes().take_while(u8::is_ascii_digit).count()..];
    }
    let letters = rest.trim_start_matches(|c| "eEinumkKMGTP".contains(c));
    let digits = letters.strip_prefix(['-', '+']).unwrap_or(letters);
    if text.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(QuantityError::Format);
    }
    if whole == 0 && !has_point && rest.is_empty() {
        return Err(QuantityError::Numeric);
    }
    Ok((&text[..text.len() - rest.len()], rest))
}

fn interpret(suffix: &str) -> Result<(Scale, Format), QuantityError> {
    if let Some((_, exponent)) = DECIMAL_SUFFIXES.iter().find(|(name, _)| *name == suffix) {
        return Ok((Scale::Ten(*exponent), Format::DecimalSi));
    }
    if let Some((_, power)) = BINARY_SUFFIXES.iter().find(|(name, _)| *name == suffix) {
        return Ok((Scale::Two(*power), Format::BinarySi));
    }
    let exponent = suffix.strip_prefix(['e', 'E']).ok_or(QuantityError::Suffix)?;
    let exponent = exponent.parse::<i64>().map_err(|_| QuantityError::Suffix)?;
    // Beyond a thousand every amount is either the least or the greatest.
    Ok((Scale::Ten(exponent.clamp(-1_000, 1_000) as i32), Format::DecimalExponent))
}

fn power_of_ten(exponent: i32) -> i128 {
    (0..exponent.clamp(0, 36)).fold(1, |power, _| power * 10)
}

fn divide_away_from_zero(number: i128, by: i128) -> i128 {
    let quotient = number / by;
    if number % by == 0 { quotient } else { quotient + number.signum() }
}

/// The digits as a number with the point moved `exponent` places, in billionths, rounded up.
fn decimal_nanos(whole: &str, fraction: &str, exponent: i32) -> i128 {
    let counted = (whole.len() as i64 + i64::from(exponent) + 9).max(0) as usize;
    let mut digits = whole.bytes().chain(fraction.bytes()).map(|digit| i128::from(digit - b'0'));
    let zeros = std::iter::repeat(0);
    let nanos = digits.by_ref().chain(zeros).take(counted).fold(0, |nanos, digit| (nanos * 10 + digit).min(NANOS_MAX));
    (nanos + i128::from(digits.any(|digit| digit != 0))).min(NANOS_MAX)
}

/// The digits as a number times 2^`power`, in billionths, rounded up.
fn binary_nanos(whole: &str, fraction: &str, power: u32) -> i128 {
    let units = whole.bytes().fold(0_i128, |number, digit| (number * 10 + i128::from(digit - b'0')).min(NANOS_MAX));
    let whole_nanos = units.saturating_mul(1 << power).saturating_mul(UNIT);
    // 18 places are more than 2^60 can tell apart from the next billionth in practice; those beyond round up.
    let (kept, cut) = fraction.split_at(fraction.len().min(18));
    let fraction_scaled = kept.bytes().fold(0_i128, |number, digit| number * 10 + i128::from(digit - b'0'));
    let scale = power_of_ten(kept.len() as i32);
    // Two steps keep the product below 2^127: first the power of two in quarters of the scale, then the billion.
    let product = fraction_scaled * (1_i128 << power);
    let (quotient, remainder) = (product / scale, product % scale);
    let rest = remainder * UNIT;
    let rounded = rest / scale + i128::from(rest % scale != 0 || cut.bytes().any(|digit| digit != b'0'));
    whole_nanos.saturating_add(quotient * UNIT + rounded).min(NANOS_MAX)
}
