//! Why an object is as it is, in the reader's language. What Kubernetes says stays as it says it.

use view::{Fact, Why};

use crate::i18n::{Language, Text};

/// A sentence without a full stop; empty if there is nothing to be said.
pub fn sentence(language: Language, why: &Why) -> String {
    let words: Vec<&str> = why.words.iter().map(String::as_str).collect();
    text_of(why.fact).map(|text| language.fill(text, &words)).unwrap_or_default()
}

fn text_of(fact: Fact) -> Option<Text> {
    Some(match fact {
        Fact::Nothing => return None,
        Fact::CreatedAsWanted => Text::WhyCreatedAsWanted,
        Fact::CreatedAfter => Text::WhyCreatedAfter,
        Fact::CreatedForNode => Text::WhyCreatedForNode,
        Fact::DeletedAsSurplus => Text::WhyDeletedAsSurplus,
        Fact::DeletedAsOutdated => Text::WhyDeletedAsOutdated,
        Fact::DeletedAsEnded => Text::WhyDeletedAsEnded,
        Fact::DeletedWithOwner => Text::WhyDeletedWithOwner,
        Fact::Sized => Text::WhySized,
        Fact::RollsOut => Text::WhyRollsOut,
        Fact::Waits => Text::WhyWaits,
        Fact::AsWanted => Text::WhyAsWanted,
        Fact::Acted => Text::WhyActed,
        Fact::Claim => Text::WhyClaim,
        Fact::Unschedulable => Text::WhyUnschedulable,
        Fact::ContainerWaits => Text::WhyContainerWaits,
        Fact::NotReady => Text::WhyNotReady,
        Fact::Kept => Text::WhyKept,
        Fact::Stops => Text::WhyStops,
        Fact::Deleted => Text::WhyDeleted,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check<const N: usize>(fact: Fact, words: [&str; N], english: &str, japanese: &str) {
        let why = Why::new(fact, words);
        assert_eq!(sentence(Language::En, &why), english);
        assert_eq!(sentence(Language::Ja, &why), japanese);
    }

    #[test]
    fn a_fact_is_a_sentence_in_each_language() {
        check(
            Fact::CreatedAfter,
            ["web-2", "web-1"],
            "web-2 was created because web-1 became Ready",
            "web-2 は、web-1 が Ready になったので作成されました",
        );
        check(
            Fact::Waits,
            ["web", "web-1", "Running and Ready"],
            "web waits until web-1 is Running and Ready",
            "web は、web-1 が次の状態になるのを待っています：Running and Ready",
        );
        check(Fact::Nothing, [], "", "");
    }
}
