//! Fast leader election: votes go round until a majority of one round agrees.
//!
//! Models: ZooKeeper 3.4.10 FastLeaderElection. What each notification does is decided here, without a socket; [`super::channels`]
//! carries them. Absent: observers, weights.

use sim::{Span, Time};

use super::wire::{Kind, Message};

/// How long a winner is waited for that is better still.
pub(super) const FINALIZE: Span = Span::from_millis(200);
/// At most so long until votes are sent again.
const RESEND_MAX: Span = Span::from_seconds(60);

/// Who should lead, and how much it knows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Vote {
    pub(super) leader: u64,
    pub(super) zxid: u64,
    pub(super) epoch: u64,
}

impl Vote {
    fn beats(self, other: Vote) -> bool {
        (self.epoch, self.zxid, self.leader) > (other.epoch, other.zxid, other.leader)
    }
}

/// What the sender of a notification does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Looking,
    Following,
    Leading,
}

impl State {
    pub(super) const fn word(self) -> &'static str {
        match self {
            State::Looking => "LOOKING",
            State::Following => "FOLLOWING",
            State::Leading => "LEADING",
        }
    }
}

/// A vote on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Notice {
    pub(super) from: u64,
    pub(super) vote: Vote,
    pub(super) round: u64,
    pub(super) state: State,
}

impl Notice {
    pub(super) fn encode(self) -> Vec<u8> {
        let Notice { from, vote, round, state } = self;
        Message::new(Kind::Vote, &[from, vote.leader, vote.zxid, vote.epoch, round, state as u64]).encode()
    }

    pub(super) fn decode(bytes: &[u8]) -> Option<Notice> {
        let message = Message::decode(bytes).filter(|message| message.kind == Kind::Vote)?;
        let vote = Vote { leader: message.number(1), zxid: message.number(2), epoch: message.number(3) };
        let state = match message.number(5) {
            0 => State::Looking,
            1 => State::Following,
            _ => State::Leading,
        };
        Some(Notice { from: message.number(0), vote, round: message.number(4), state })
    }
}

/// What is to be done about a notification.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    Nothing,
    /// Tell its sender what we hold.
    Reply,
    /// Tell everybody: our vote has changed.
    Broadcast,
    /// An ensemble exists; its leader is ours.
    Join,
}

/// A server's part in the election.
#[derive(Clone, Debug, Default)]
pub(super) struct Election {
    pub(super) round: u64,
    pub(super) vote: Vote,
    /// The last notification of each member in this round, our own included.
    received: Vec<Notice>,
    /// The last one of each member that follows or leads.
    settled: Vec<Notice>,
    /// When the vote is final unless a better one comes.
    pub(super) decide_at: Option<Time>,
    /// When votes are sent again, and how much later after that.
    pub(super) resend_at: Option<Time>,
    resend_after: Span,
    /// When the search began.
    pub(super) since: Time,
}

fn keep(list: &mut Vec<Notice>, notice: Notice) {
    list.retain(|known| known.from != notice.from);
    list.push(notice);
}

impl Election {
    /// A new round: everybody starts with itself.
    pub(super) fn begin(&mut self, own: Vote, now: Time) {
        self.round += 1;
        self.settled.clear();
        self.since = now;
        self.resend_after = FINALIZE;
        self.resend_at = Some(now + FINALIZE);
        self.start_round(own, own);
    }

    fn start_round(&mut self, own: Vote, vote: Vote) {
        self.vote = vote;
        self.received.clear();
        self.decide_at = None;
        let notice = self.own_notice(own.leader, State::Looking);
        keep(&mut self.received, notice);
    }

    pub(super) fn own_notice(&self, id: u64, state: State) -> Notice {
        Notice { from: id, vote: self.vote, round: self.round, state }
    }

    /// Votes are sent again, less and less often.
    pub(super) fn resend(&mut self, now: Time) {
        self.resend_after = Span(self.resend_after.0 * 2).min(RESEND_MAX);
        self.resend_at = Some(now + self.resend_after);
    }

    /// A notification while we look for a leader; `own` is the vote for ourselves.
    pub(super) fn take(&mut self, notice: Notice, own: Vote, quorum: usize, now: Time) -> Answer {
        if notice.state != State::Looking {
            return self.take_settled(notice, quorum);
        }
        if notice.round < self.round {
            return Answer::Reply;
        }
        let before = (self.vote, self.round);
        if notice.round > self.round {
            self.round = notice.round;
            self.start_round(own, if notice.vote.beats(own) { notice.vote } else { own });
        } else if notice.vote.beats(self.vote) {
            self.vote = notice.vote;
            let notice = self.own_notice(own.leader, State::Looking);
            keep(&mut self.received, notice);
        }
        let has_changed = before != (self.vote, self.round);
        keep(&mut self.received, notice);
        if has_changed {
            self.decide_at = None;
        }
        let agreeing = self.received.iter().filter(|known| known.vote == self.vote).count();
        if agreeing >= quorum {
            self.decide_at.get_or_insert(now + FINALIZE);
        }
        if has_changed { Answer::Broadcast } else { Answer::Nothing }
    }

    fn take_settled(&mut self, notice: Notice, quorum: usize) -> Answer {
        keep(&mut self.settled, notice);
        let leader = notice.vote.leader;
        let of_leader = self.settled.iter().filter(|known| known.vote.leader == leader).count();
        let leads = self.settled.iter().any(|known| known.from == leader && known.state == State::Leading);
        // In our own round the votes of those that still look count as well.
        let in_round = self.received.iter().filter(|k| k.vote.leader == leader && notice.round == self.round).count();
        if leads && of_leader.max(if notice.round == self.round { in_round + 1 } else { 0 }) >= quorum {
            (self.vote, self.round) = (notice.vote, notice.round);
            return Answer::Join;
        }
        Answer::Nothing
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own(id: u64, zxid: u64) -> Vote {
        Vote { leader: id, zxid, epoch: 1 }
    }

    fn notice(from: u64, vote: Vote, round: u64, state: State) -> Notice {
        Notice { from, vote, round, state }
    }

    #[test]
    fn the_one_that_knows_most_wins() {
        let now = Time(0);
        let mut election = Election::default();
        election.begin(own(1, 5), now);
        // A higher number wins among equals, more knowledge over a higher number.
        assert_eq!(election.take(notice(2, own(2, 5), 1, State::Looking), own(1, 5), 2, now), Answer::Broadcast);
        assert_eq!((election.vote.leader, election.decide_at), (2, Some(now + FINALIZE)));
        assert_eq!(election.take(notice(3, own(3, 4), 1, State::Looking), own(1, 5), 2, now), Answer::Nothing);
        assert_eq!(election.take(notice(3, own(3, 6), 1, State::Looking), own(1, 5), 2, now), Answer::Broadcast);
        assert_eq!(election.vote.leader, 3);
    }

    #[test]
    fn rounds_that_are_over_are_answered_and_later_ones_joined() {
        let now = Time(0);
        let mut election = Election::default();
        election.begin(own(2, 5), now);
        election.begin(own(2, 5), now);
        assert_eq!(election.take(notice(1, own(1, 9), 1, State::Looking), own(2, 5), 2, now), Answer::Reply);
        assert_eq!(election.vote.leader, 2);
        assert_eq!(election.take(notice(1, own(1, 1), 7, State::Looking), own(2, 5), 2, now), Answer::Broadcast);
        assert_eq!((election.round, election.vote.leader), (7, 2));
        // Its vote was for itself: no majority yet.
        assert_eq!(election.decide_at, None);
    }

    #[test]
    fn an_ensemble_that_exists_is_joined_but_not_a_leader_alone() {
        let now = Time(0);
        let mut election = Election::default();
        election.begin(own(3, 9), now);
        let vote = own(1, 2);
        assert_eq!(election.take(notice(1, vote, 4, State::Leading), own(3, 9), 2, now), Answer::Nothing);
        assert_eq!(election.take(notice(2, vote, 4, State::Following), own(3, 9), 2, now), Answer::Join);
        assert_eq!((election.vote.leader, election.round), (1, 4));
    }
}
