//! The numbers by which linking decides which call was made for which: one table, each with its name.
//!
//! A pair of calls starts at zero. What speaks for the pair adds to its score, what speaks against it
//! takes away, and a pair needs [`Weights::accept`] to become a link. The unit has no meaning outside
//! of this table. The numbers were fitted by hand: first to CloudTrail records that AWS publishes and
//! describes (see the `source` of the rows in `services.toml`), then to simulated exports in which the
//! true links are known. `cargo bench --bench reliability` measures the confidences that come of them,
//! and `tests/weights.rs` holds that every number decides something.

/// Declares the table: each row is a name, its value, and the value that takes it out of the sum.
macro_rules! weights {
    ($($(#[$about:meta])* $name:ident = $value:expr, off $off:expr;)+) => {
        /// The numbers of linking.
        #[derive(Debug, Clone, Copy, PartialEq)]
        pub struct Weights {
            $($(#[$about])* pub $name: f64,)+
        }

        impl Weights {
            /// Those that are in force.
            pub const DEFAULT: Weights = Weights { $($name: $value,)+ };

            /// The names of all rows, in the order of the table.
            pub const NAMES: &'static [&'static str] = &[$(stringify!($name),)+];

            /// The table with one row taken out of force; `None` where no row has that name.
            pub fn without(name: &str) -> Option<Weights> {
                let mut weights = Weights::DEFAULT;
                match name {
                    $(stringify!($name) => weights.$name = $off,)+
                    _ => return None,
                }
                Some(weights)
            }
        }
    };
}

impl Default for Weights {
    fn default() -> Self {
        Weights::DEFAULT
    }
}

weights! {
    // ---- ids that stand in both records: the fewer calls name an id, the more it says ------------

    /// An id that at most four possible parents name.
    rare_id = 6.0, off 0.0;
    /// An id that up to 32 name.
    uncommon_id = 3.0, off 0.0;
    /// An id that up to 256 name.
    common_id = 1.0, off 0.0;
    /// An id that more name.
    frequent_id = 0.2, off 0.0;
    /// All ids of a pair count so much at most.
    most_ids = 30.0, off f64::INFINITY;
    /// Ids that decide the link by themselves, roles aside.
    decisive_ids = 5.0, off f64::INFINITY;
    /// Ids that allow an operation which the service table does not list.
    strong_ids = 3.0, off 0.0;
    /// Ids that allow four times the usual time, or another session of a role.
    some_ids = 2.0, off 0.0;
    /// What a call says less of the child's ids than another call does. As much as a call can lose by
    /// being minutes earlier.
    names_fewer = 2.0, off 0.0;
    /// Both records carry one request id.
    request_id = 5.0, off 0.0;
    /// The parent issued the credentials that signed the child.
    issued_credentials = 3.5, off 0.0;

    // ---- roles -----------------------------------------------------------------------------------

    /// What the parent started runs with the role, by no id that the parent names.
    runs_with_role = 3.0, off 0.0;
    /// What the parent started runs with another role (subtracted).
    other_role = 2.5, off 0.0;
    /// The role is taken on as long after such a call as in most runs.
    usual_lag = 1.5, off 0.0;
    /// Seconds within which a service takes on the role for work that was just begun.
    handed_over_seconds = 5.0, off -1.0;

    // ---- sessions and places ---------------------------------------------------------------------

    /// A forwarded call has the parent's principal.
    same_principal = 2.0, off 0.0;
    /// A call of a role has the parent's principal and session.
    same_session = 2.0, off 0.0;
    /// Both sessions began at one time.
    same_session_date = 0.5, off 0.0;
    /// Both sessions began with one sign-in.
    same_sign_in = 0.5, off 0.0;
    /// The parent was made in another account or Region (subtracted).
    elsewhere = 2.5, off 0.0;

    // ---- what the service table says -------------------------------------------------------------

    /// A row lists the parent as a start and the child among the calls of its work.
    listed = 3.0, off 0.0;
    /// A row lists the parent as a start only, and ids are strong.
    listed_start = 1.5, off 0.0;
    /// The parent is of the calling service, of which the table says nothing.
    same_service = 1.5, off 0.0;
    /// The parent's service works through a second one.
    through_second_service = 2.0, off 0.0;
    /// A decryption for a call that writes (subtracted).
    decrypts_for_write = 0.5, off 0.0;
    /// An encryption for a call that reads (subtracted).
    encrypts_for_read = 2.0, off 0.0;
    /// Seconds within which an operation that no row names is taken to have made a service act.
    soon_seconds = 30.0, off f64::INFINITY;

    // ---- keys ------------------------------------------------------------------------------------

    /// The parent names the KMS key of the child.
    key_named = 3.0, off 0.0;
    /// The parent names another key (subtracted).
    other_key_named = 4.0, off 0.0;
    /// What the parent names was used with that key before.
    key_usual = 2.5, off 0.0;
    /// What the parent names was used with other keys only (subtracted).
    key_unusual = 3.5, off 0.0;

    // ---- how the two calls ended -----------------------------------------------------------------

    /// The parent was refused before any service worked for it (subtracted).
    parent_refused = 6.0, off 0.0;
    /// The parent failed, and the child came when it had answered (subtracted).
    after_failure = 2.0, off 0.0;
    /// Seconds after which a call that failed has answered.
    answered_seconds = 5.0, off f64::INFINITY;
    /// Both failed.
    both_failed = 1.5, off 0.0;
    /// The parent waits for the child, which was denied, and yet succeeded (subtracted).
    succeeded_though_denied = 1.5, off 0.0;
    /// The parent failed and the child did not (subtracted).
    only_parent_failed = 0.5, off 0.0;

    // ---- time ------------------------------------------------------------------------------------

    /// Each second beyond the first after a parent that waits for its calls (subtracted).
    second_after_waiting = 2.0, off 0.0;
    /// Each second beyond the first before such a parent (subtracted).
    second_before_waiting = 0.5, off 0.0;
    /// What these seconds can take away at most.
    most_waiting = 6.0, off f64::INFINITY;
    /// The time that has passed, as a share of what the operation takes (subtracted).
    share_of_usual_time = 1.5, off 0.0;
    /// What that share can take away at most.
    most_share = 2.5, off f64::INFINITY;
    /// Each second (subtracted), so that the nearer of two calls counts.
    second = 0.05, off 0.0;
    /// What seconds can take away at most.
    most_seconds = 1.5, off f64::INFINITY;

    // ---- what decided links teach about the others -----------------------------------------------

    /// The child comes far later than such children do (subtracted).
    far_too_late = 6.0, off 0.0;
    /// Such children regularly follow such parents.
    regular = 1.5, off 0.0;
    /// None has followed any of several such parents (subtracted).
    never_seen = 1.5, off 0.0;

    // ---- what a score decides --------------------------------------------------------------------

    /// Below this a pair is forgotten before the others teach anything.
    consider = 0.0, off f64::INFINITY;
    /// A decisive pair is taken at once where it is so much better than the next.
    clear = 2.0, off f64::INFINITY;
    /// Below this no parent is claimed.
    accept = 1.5, off f64::INFINITY;
    /// The same of a refused call that lost its request and has one possible parent only.
    accept_alone = 0.5, off f64::INFINITY;
    /// Two links that cross in time are uncrossed where that costs no more than this.
    crossing = 0.8, off f64::NEG_INFINITY;
    /// Parents whose scores are nearer than this are a tie.
    tie = 0.05, off 0.0;

    // ---- how sure a link is, 0 to 1 --------------------------------------------------------------

    /// By an id or credentials that decide.
    sure_decisive = 0.99, off 0.0;
    /// By one request id.
    sure_request = 0.98, off 0.0;
    /// By an id or credentials that others have as well.
    sure_id = 0.95, off 0.0;
    /// By principal and session.
    sure_session = 0.9, off 0.0;
    /// By a KMS key.
    sure_key = 0.88, off 0.0;
    /// By the role that what was started runs with.
    sure_role = 0.85, off 0.0;
    /// By the usual time after such a call.
    sure_usual_lag = 0.75, off 0.0;
    /// By service, account and time alone.
    sure_time = 0.6, off 0.0;
}
