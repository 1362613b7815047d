//! Postings: what they are, and how they get their time and balance.

use super::State;
use crate::entropy::{below, remix};

/// No account, card, merchant or episode.
pub const NONE: u8 = u8::MAX;
/// No merchant.
pub const NOWHERE: u16 = u16::MAX;

macro_rules! named {
    ($(#[$doc:meta])* $name:ident { $($(#[$of:meta])* $variant:ident = $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $name { $($(#[$of])* $variant,)* }

        impl $name {
            /// In words.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }
        }
    };
}

named! {
    /// What a transaction is.
    Kind {
        /// Bought by card.
        Purchase = "purchase",
        /// Back from a merchant.
        Refund = "refund",
        /// Wages.
        Salary = "salary",
        /// Income of one's own business.
        Deposit = "deposit",
        /// Social Security and pension.
        Pension = "pension",
        /// Unemployment benefits.
        Benefit = "benefit",
        /// Rent.
        Rent = "rent",
        /// Utilities, insurance, telephone.
        BillPayment = "bill_payment",
        /// A payment on a loan.
        LoanPayment = "loan_payment",
        /// From checking to the credit card.
        CardPayment = "card_payment",
        /// To an account elsewhere.
        TransferOut = "transfer_out",
        /// From an account elsewhere.
        TransferIn = "transfer_in",
        /// Between own accounts.
        InternalTransfer = "internal_transfer",
        /// To or from another person.
        PeerPayment = "peer_payment",
        /// Cash.
        Withdrawal = "withdrawal",
        /// A fee of the bank.
        Fee = "fee",
        /// Interest, received or paid.
        Interest = "interest",
        /// The bank makes good for fraud.
        FraudRefund = "fraud_refund",
        /// A refund that was none is taken back.
        Chargeback = "chargeback",
    }
}

named! {
    /// How a transaction came about.
    Channel {
        /// At a terminal.
        CardPresent = "card_present",
        /// By card, online.
        Online = "online",
        /// By card, every month.
        Recurring = "recurring",
        /// At a cash machine.
        Atm = "atm",
        /// Automated Clearing House.
        Ach = "ach",
        /// By wire.
        Wire = "wire",
        /// In the bank's application.
        Mobile = "mobile",
        /// By the bank itself.
        Bank = "bank",
    }
}

named! {
    /// Why a transaction was declined.
    Decline {
        /// The account does not hold enough, or its limit is reached.
        Funds = "insufficient_funds",
        /// At a terminal.
        Pin = "incorrect_pin",
        /// Online.
        Code = "incorrect_security_code",
        /// It did not look like the customer.
        Suspicion = "suspected_fraud",
    }
}

/// When a transaction was authorised.
#[derive(Debug, Clone, Copy)]
pub enum Moment {
    /// At this second since 1970-01-01 00:00 UTC.
    At(i64),
    /// In the course of a day, at the usual time at the merchant.
    During(i32),
    /// Up to two minutes before that.
    Before(i32),
}

/// A posting.
#[derive(Debug, Clone, Copy)]
pub struct Entry {
    /// Account.
    pub account: u8,
    /// What it is.
    pub kind: Kind,
    /// How.
    pub channel: Channel,
    /// Card, or [`NONE`].
    pub card: u8,
    /// The other of the own accounts, or [`NONE`].
    pub counter_account: u8,
    /// The year of the episode of fraud that it belongs to, or [`NONE`].
    pub episode: u8,
    /// Whether somebody else did it.
    pub is_fraud: bool,
    /// Why nothing came of it, if it was declined.
    pub declined: Option<Decline>,
    /// Merchant of the block, or [`NOWHERE`].
    pub merchant: u16,
    /// In cents; negative leaves the account.
    pub amount: i64,
    /// What the account holds after it, in cents; negative is owed. What is declined changes nothing.
    pub balance: i64,
    /// When it was authorised.
    pub authorised: Moment,
    /// When it was posted, in seconds since 1970-01-01 00:00 UTC.
    pub posted: i64,
    /// For names and times.
    pub entropy: u64,
}

/// What is posted, without time and balance.
#[derive(Debug, Clone, Copy)]
pub(super) struct Posting {
    pub(super) account: u8,
    pub(super) kind: Kind,
    pub(super) channel: Channel,
    pub(super) counter_account: u8,
    pub(super) card: u8,
    pub(super) episode: u8,
    pub(super) is_fraud: bool,
    pub(super) declined: Option<Decline>,
    pub(super) merchant: u16,
    pub(super) amount: i64,
    pub(super) entropy: u64,
}

impl Posting {
    pub(super) const fn new(account: u8, kind: Kind, channel: Channel, amount: i64) -> Self {
        Self {
            account,
            kind,
            channel,
            counter_account: NONE,
            card: NONE,
            episode: NONE,
            is_fraud: false,
            declined: None,
            merchant: NOWHERE,
            amount,
            entropy: 0,
        }
    }
}

/// Gives postings their time and balance.
pub(super) struct Writer<'s, F> {
    pub(super) state: &'s mut State,
    pub(super) out: &'s mut F,
    pub(super) hours: i32,
    pub(super) day: i32,
    pub(super) batch: i64,
    pub(super) live: i64,
}

impl<F: FnMut(&Entry)> Writer<'_, F> {
    /// At 10:00 UTC and on: nobody in the US has still the day before.
    #[inline]
    pub(super) fn post_in_batch(&mut self, authorised: Option<Moment>, posting: Posting) {
        let posted = i64::from(self.day) * 86_400 + 36_000 + self.batch;
        self.batch += 1;
        // Files of payments come in the evening before.
        let authorised = authorised.unwrap_or(Moment::At(posted - 28_800));
        self.write(authorised, posted, posting);
    }

    /// Between 9:00 and 23:00 local time, an hour and a half for each of up to nine.
    #[inline]
    pub(super) fn post_at_once(&mut self, posting: Posting) {
        let within = below(
            remix(posting.entropy ^ u64::from(self.day.cast_unsigned())),
            5_200,
        );
        let second = 32_400 + self.live.min(8) * 5_400 + within.cast_signed();
        self.live += 1;
        let at = i64::from(self.day) * 86_400 + second - i64::from(self.hours) * 3_600;
        self.write(Moment::At(at), at + 2, posting);
    }

    #[inline]
    fn write(&mut self, authorised: Moment, posted: i64, posting: Posting) {
        self.side(authorised, posted, &posting);
        // The other side of a transfer between own accounts.
        if posting.counter_account != NONE {
            let mut other = posting;
            other.account = posting.counter_account;
            other.counter_account = posting.account;
            other.amount = -posting.amount;
            self.side(authorised, posted, &other);
        }
    }

    #[inline]
    fn side(&mut self, authorised: Moment, posted: i64, posting: &Posting) {
        let balance = &mut self.state.balances[usize::from(posting.account.min(2))];
        if posting.declined.is_none() {
            *balance += posting.amount;
        }
        let entry = Entry {
            account: posting.account,
            kind: posting.kind,
            channel: posting.channel,
            card: posting.card,
            counter_account: posting.counter_account,
            episode: posting.episode,
            is_fraud: posting.is_fraud,
            declined: posting.declined,
            merchant: posting.merchant,
            amount: posting.amount,
            balance: *balance,
            authorised,
            posted,
            entropy: posting.entropy,
        };
        (self.out)(&entry);
    }
}
