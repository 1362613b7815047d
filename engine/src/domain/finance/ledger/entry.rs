//! Postings: what they are, and how they get their time and balance.

use super::State;
use crate::domain::finance::profile::{CHECKING, CREDIT, OVERDRAFT, OVERDRAFT_FEE};
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
        /// Social Security.
        Pension = "pension",
        /// A pension of a former employer, or an annuity.
        PrivatePension = "pension",
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
    /// Whether it comes about whatever the account holds.
    pub(super) is_certain: bool,
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
            is_certain: false,
        }
    }
}

/// What the honest leave to an episode of fraud: what its transactions take is decided by the episode
/// alone, so until they are posted nothing may use the last of what they need.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Reserve {
    /// What is still to be taken from the checking account.
    pub(super) left: i64,
    /// Whether by wire, for which there is no overdraft.
    pub(super) by_wire: bool,
}

impl Reserve {
    /// What the account has to hold, its overdraft included.
    #[inline]
    fn held(self) -> i64 {
        match self.left {
            0 => 0,
            // There may be a fee for an overdraft meanwhile.
            left => left + OVERDRAFT_FEE + if self.by_wire { OVERDRAFT } else { 0 },
        }
    }

    /// What the balance must not fall below by payments that are due.
    #[inline]
    pub(super) fn least_balance(self) -> i64 {
        self.held() - OVERDRAFT
    }
}

/// Transfers from elsewhere are multiples of this.
const ROUND_SUM: i64 = 5_000;

/// Gives postings their time and balance, and declines what the accounts cannot give.
pub(super) struct Writer<'s, F> {
    pub(super) state: &'s mut State,
    pub(super) out: &'s mut F,
    /// The limit of the credit card.
    pub(super) limit: i64,
    pub(super) reserve: Reserve,
    /// For transfers from elsewhere.
    pub(super) entropy: u64,
    pub(super) hours: i32,
    pub(super) day: i32,
    pub(super) batch: i64,
    pub(super) live: i64,
}

impl<F: FnMut(&Entry)> Writer<'_, F> {
    /// What an account can give: what it holds and its overdraft, or what its limit leaves.
    #[inline]
    fn available(&self, account: u8) -> i64 {
        let beyond = if account == CREDIT {
            self.limit
        } else {
            OVERDRAFT
        };
        self.state.balances[usize::from(account.min(2))] + beyond
    }

    /// Whether a payment comes about: declined, where the account cannot give it; not at all, where nothing
    /// is left for it but what fraud is going to take, or where lack of funds would have been the only
    /// trouble with it. A fraudster who tries more than the episode can take is suspected, then.
    #[inline]
    fn allows(&self, posting: &mut Posting) -> bool {
        let (asked, available) = (-posting.amount, self.available(posting.account));
        match posting.declined {
            Some(Decline::Funds) if asked <= available => {
                posting.declined = Some(Decline::Suspicion);
                return posting.is_fraud;
            }
            None if asked > available => posting.declined = Some(Decline::Funds),
            None if asked > 0 && posting.account == CHECKING => {
                return asked <= available - self.reserve.held();
            }
            _ => {}
        }
        true
    }

    /// Card transactions in the batch.
    #[inline]
    pub(super) fn post_card(&mut self, authorised: Moment, mut posting: Posting) {
        if posting.is_certain && posting.declined.is_none() {
            if posting.episode == NONE {
                self.bring(-posting.amount - self.available(CHECKING) + self.reserve.held());
            } else if posting.account == CHECKING && posting.amount < 0 {
                self.reserve.left += posting.amount;
            }
        } else if !self.allows(&mut posting) {
            return;
        }
        self.post_in_batch(Some(authorised), posting);
    }

    /// Cash: as cards, at once.
    #[inline]
    pub(super) fn post_cash(&mut self, mut posting: Posting) {
        if self.allows(&mut posting) {
            self.post_at_once(posting);
        }
    }

    /// Whether the checking account holds something to send: there is no overdraft for it.
    #[inline]
    pub(super) fn holds(&self, amount: i64) -> bool {
        amount <= 0 || amount <= self.state.balances[0] - self.reserve.least_balance().max(0)
    }

    /// Brings what is missing on the checking account from elsewhere, in the batch: nothing if nothing is.
    #[inline]
    pub(super) fn bring(&mut self, missing: i64) {
        if missing > 0 {
            let amount = (missing + ROUND_SUM - 1) / ROUND_SUM * ROUND_SUM;
            let mut posting = Posting::new(CHECKING, Kind::TransferIn, Channel::Ach, amount);
            posting.entropy = self.entropy;
            self.post_in_batch(None, posting);
        }
    }

    /// A wire, on a business day from nine in the morning to one local time: in no state of the US the day is
    /// over in Greenwich then. There are up to four, before anything else that is posted at once.
    #[inline]
    pub(super) fn post_wire(&mut self, posting: Posting) {
        self.reserve.left += posting.amount;
        let within = below(posting.entropy, 3_000).cast_signed();
        let second = 32_400 + self.live.min(3) * 3_300 + within;
        self.live += 1;
        let at = i64::from(self.day) * 86_400 + second - i64::from(self.hours) * 3_600;
        self.write(Moment::At(at), at + 2, posting);
    }

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
