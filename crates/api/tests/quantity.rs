//! What no table of quantities holds. The tables are the suite `quantity`.

use api::quantity::Quantity;

#[test]
fn what_is_not_a_quantity_is_refused() {
    let shape = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
    for (input, message) in [
        ("", shape),
        ("aoeu", shape),
        ("1.1.M", shape),
        ("1+1.0M", shape),
        ("1 ", shape),
        ("0.1mi", "unable to parse quantity's suffix"),
        ("1i", "unable to parse quantity's suffix"),
        ("-3.01e-", "unable to parse quantity's suffix"),
        ("1GG", "unable to parse quantity's suffix"),
    ] {
        assert_eq!(Quantity::parse(input).map_err(|error| error.to_string()), Err(message.to_string()), "{input}");
    }
}

#[test]
fn extreme_quantities_stay_in_bounds() {
    for input in
        ["1e1000", "-1e1000", "9999999999999999999999999999999999999999999Ei", "1e-1000", "0.00000000000000001Ki"]
    {
        let amount = Quantity::parse(input).expect("it has the shape of a quantity");
        let sum = amount + amount - (-amount);
        assert!(!sum.is_zero() && !sum.multiply(i64::MAX).0.is_zero(), "{input}");
        assert!(amount.value() != 0 && !amount.to_string().is_empty());
    }
}
