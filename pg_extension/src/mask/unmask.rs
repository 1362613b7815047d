//! `synth_unmask`: the original of a value of a column with a reversible rule.
//!
//! Nobody may unmask but superusers and roles that `synth_grant_unmask` names, each for one column
//! and for the rule that it had then: who owns a table could else put any rule on it, and read what
//! the same mask hides in the tables of others. Each statement leaves a record in the audit before
//! it gets its first original, in a transaction of its own: ROLLBACK does not take it back.

use std::ffi::CStr;

use arrow_array::{ArrayRef, StringArray};
use pgrx::PgSqlErrorCode::*;
use pgrx::fcinfo::{
    pg_arg_is_null, pg_getarg, pg_getarg_datum_raw, pg_getarg_type, pg_return_null,
};
use pgrx::pg_sys::{self, Datum, Oid};
use pgrx::spi::quote_identifier;
use pgrx::{Array as PgArray, IntoDatum, PgMemoryContexts};
use std::sync::Arc;
use synth_engine::mask::condition::Test;
use synth_engine::mask::{self, Rule};

use super::batch::Computation;
use super::other::{Other, Tester};
use super::owner::AsOwner;
use super::rulebook::Rulebook;
use crate::boundary::{datumCopy, relation_name, require_utf8, sql_function, string};
use crate::error::{or_raise, raise, raise_null};
use crate::query::{execute, query};
use crate::rule::{Column, Refusal};
use crate::{audit, own, secret};

/// A column's mask, kept for the calls of one statement.
struct Prepared {
    relid: Oid,
    name: String,
    version: Option<i32>,
    type_oid: Oid,
    /// When the statement began that has been audited.
    statement: pg_sys::TimestampTz,
    computation: Computation,
    /// For which rows the rule held, if not for all.
    condition: Option<Condition>,
    /// How values of the type are passed.
    by_value: bool,
    length: i16,
}

sql_function! {
    /// `synth_unmask(target regclass, column_name name, value anyelement, key_version integer,
    /// companions text[]) RETURNS anyelement`
    synth_unmask(fcinfo) {
        // SAFETY: the argument types are those declared in SQL; `fn_extra` is ours and lives as
        // long as the context it was made in.
        unsafe {
            let relid: Oid = pg_getarg(fcinfo, 0).unwrap_or_else(|| raise_null("target"));
            let name: &CStr = pg_getarg(fcinfo, 1).unwrap_or_else(|| raise_null("column_name"));
            let name = name.to_string_lossy().into_owned();
            let version: Option<i32> = pg_getarg(fcinfo, 3);
            let type_oid = pg_getarg_type(fcinfo, 2);
            let statement = pg_sys::GetCurrentStatementStartTimestamp();
            let flinfo = (*fcinfo).flinfo;
            let known = (*flinfo).fn_extra.cast::<Prepared>();
            let fits = known.as_ref().is_some_and(|p| {
                (p.relid, p.version, p.type_oid, p.statement) == (relid, version, type_oid, statement)
                    && p.name == name
            });
            if !fits {
                let mut context = PgMemoryContexts::For((*flinfo).fn_mcxt);
                let prepared =
                    context.switch_to(|_| prepare(relid, name, version, type_oid, statement));
                (*flinfo).fn_extra = context.leak_and_drop_on_delete(prepared).cast();
            }
            if pg_arg_is_null(fcinfo, 2) {
                return pg_return_null(fcinfo);
            }
            let prepared = &*(*flinfo).fn_extra.cast::<Prepared>();
            let given = pg_getarg::<PgArray<&str>>(fcinfo, 4);
            let mut companions: Vec<Option<&str>> =
                given.iter().flat_map(|array| array.iter()).collect();
            if let Some(condition) = &prepared.condition
                && !condition.held(&mut companions)
            {
                // The row was left as it was.
                let value = pg_getarg_datum_raw(fcinfo, 2);
                return datumCopy(value, prepared.by_value, i32::from(prepared.length));
            }
            let one = |text: Option<&str>| Arc::new(StringArray::from(vec![text])) as ArrayRef;
            let companions: Vec<ArrayRef> = companions.into_iter().map(one).collect();
            match apply(prepared, pg_getarg_datum_raw(fcinfo, 2), &companions) {
                Some(original) => original,
                None => pg_return_null(fcinfo),
            }
        }
    }
}

/// The condition of a rule, by which a row was masked or left.
struct Condition {
    column: Other,
    tester: Tester,
    /// Where its column's value stands among the companions: after those of the mask.
    place: usize,
    name: String,
}

impl Condition {
    /// A rule's condition; none where every value that is given was masked. Raises an error where the
    /// condition's column is masked itself, so that it no longer says which rows were.
    fn of(column: &Column, condition: &mask::Condition, place: usize) -> Option<Self> {
        let name = &condition.column;
        let keeps_nulls = matches!(condition.test, Test::IsNull | Test::IsNotNull);
        if *name == column.name && condition.test == Test::IsNotNull {
            return None;
        }
        let other = Other::find(column.relid(), name).unwrap_or_else(Refusal::raise_for);
        let attnum = i16::try_from(other.index + 1).unwrap_or(0);
        let changed = match Rulebook::read().rule((column.relid(), attnum)) {
            None | Some(Rule::NotMasked) => false,
            // NULL stays NULL under a mask that computes.
            Some(rule) => match rule.action() {
                Rule::Mask { name, .. } => !(keeps_nulls && mask::is_computed(name)),
                _ => true,
            },
        };
        if changed {
            raise(
                ERRCODE_FEATURE_NOT_SUPPORTED,
                format!(
                    "the rule of column {} holds WHEN {name} has some value, and {name} is masked too: what it holds now does not say which rows were masked",
                    column.display()
                ),
                Some(
                    "Give the column of the condition no rule, and originals can be told."
                        .to_owned(),
                ),
            );
        }
        // SAFETY: what is prepared lives as long as the statement's call.
        let tester = unsafe { other.tester(&condition.test) };
        Some(Self {
            column: other,
            tester,
            place,
            name: name.clone(),
        })
    }

    /// Whether the rule held for a row; takes the value of its column off the companions.
    ///
    /// # Safety
    /// The condition was made for this call's function.
    unsafe fn held(&self, companions: &mut Vec<Option<&str>>) -> bool {
        if companions.len() <= self.place {
            raise(
                ERRCODE_INVALID_PARAMETER_VALUE,
                format!(
                    "the rule holds for some values of column {} only",
                    self.name
                ),
                Some(format!(
                    "Give its value as text in companions, after those that the mask reads: companions => ARRAY[{}::text].",
                    quote_identifier(&self.name)
                )),
            );
        }
        let text = companions.remove(self.place);
        // SAFETY: by the caller's promise.
        unsafe { self.tester.holds(self.column.value(text)) }
    }
}

/// The rule that holds for a column: its own, or that of a column of its tree or of a key.
fn rule_of(relid: Oid, attnum: i16, name: &str) -> Rule {
    let book = Rulebook::read();
    book.rule((relid, attnum)).cloned().unwrap_or_else(|| {
        raise(
            ERRCODE_UNDEFINED_OBJECT,
            format!("column {}.{name} has no masking rule", relation_name(relid)),
            Some("Unmasking follows the rule that the column was masked under.".to_owned()),
        )
    })
}

fn prepare(
    relid: Oid,
    name: String,
    version: Option<i32>,
    type_oid: Oid,
    statement: pg_sys::TimestampTz,
) -> Prepared {
    require_utf8();
    // It leaves a record.
    // SAFETY: raises an error or does nothing.
    unsafe { pg_sys::PreventCommandIfReadOnly(c"synth_unmask()".as_ptr()) };
    let attnum = attnum(relid, &name);
    require_grant(relid, attnum, &name);
    let column = Column::of(relid, attnum);
    let rule = rule_of(relid, attnum, &name);
    let (Rule::Mask { .. }, Some(column_type)) = (rule.action(), column.target.column_type) else {
        raise(
            ERRCODE_FEATURE_NOT_SUPPORTED,
            format!("the rule of column {} is not reversible", column.display()),
            Some("See reversible in synth.registry.".to_owned()),
        );
    };
    // SAFETY: gives the type itself unless it is a domain.
    let base = |oid: Oid| unsafe { pg_sys::getBaseType(oid) };
    let is_text =
        |oid: Oid| [pg_sys::TEXTOID, pg_sys::VARCHAROID, pg_sys::BPCHAROID].contains(&oid);
    let (given, own) = (base(type_oid), base(column.type_oid));
    if given != own && !(is_text(given) && is_text(own)) {
        raise(
            ERRCODE_DATATYPE_MISMATCH,
            format!(
                "column {} has type {}",
                column.display(),
                column.target.type_name
            ),
            Some(format!(
                "Cast the value: value::{}.",
                column.target.type_name
            )),
        );
    }
    let (key_version, secret) = match version {
        Some(version) => (version, secret::version(version)),
        None => secret::current_version(),
    };
    let mask = or_raise(mask::build(&rule, &column.target, &secret));
    // Before the first original is given, and also where none can be.
    audit::record_now(&audit::Run {
        rules: vec![(column.display(), rule.to_string())],
        key_version: Some(key_version),
        ..audit::Run::about("unmask", column.display())
    });
    if !or_raise(mask::properties(rule.action())).is_some_and(|mask| mask.reversible) {
        raise(
            ERRCODE_FEATURE_NOT_SUPPORTED,
            format!("the rule of column {} is not reversible", column.display()),
            Some("See reversible in synth.registry.".to_owned()),
        );
    }
    let condition = rule
        .condition()
        .and_then(|condition| Condition::of(&column, condition, mask.companions().len()));
    let (mut length, mut by_value) = (0, false);
    // SAFETY: the type is that of the value; the mask was built for the column.
    let computation = unsafe {
        pg_sys::get_typlenbyval(own, &raw mut length, &raw mut by_value);
        Computation::of_value(mask, own, column_type)
    };
    Prepared {
        relid,
        name,
        version,
        type_oid,
        statement,
        computation,
        condition,
        by_value,
        length,
    }
}

/// # Safety
/// `value` is of the type that the mask was prepared for.
unsafe fn apply(prepared: &Prepared, value: Datum, companions: &[ArrayRef]) -> Option<Datum> {
    let mut scratch = Vec::new();
    // SAFETY: by the caller's promise; the copy is palloc'd in the caller's context, while array and
    // scratch end here.
    unsafe {
        let (cells, array) =
            prepared
                .computation
                .run(&[Some(value)], companions, &mut scratch, false);
        let original = cells.first().copied().flatten()?;
        let copy = datumCopy(original, prepared.by_value, i32::from(prepared.length));
        drop(array);
        Some(copy)
    }
}

fn attnum(relid: Oid, name: &str) -> i16 {
    let found = std::ffi::CString::new(name)
        .ok()
        // SAFETY: catalog look-up; 0 for a column that is not there.
        .map_or(0, |name| unsafe {
            pg_sys::get_attnum(relid, name.as_ptr())
        });
    if found <= 0 {
        raise(
            ERRCODE_UNDEFINED_COLUMN,
            format!(
                "column \"{name}\" of {} does not exist",
                relation_name(relid)
            ),
            Some("Names are case-sensitive here.".to_owned()),
        );
    }
    found
}

/// Raises an error unless the current user may unmask a column.
fn require_grant(relid: Oid, attnum: i16, name: &str) {
    // SAFETY: reads the backend's state.
    let user = unsafe { pg_sys::GetUserId() };
    // SAFETY: catalog look-up.
    if unsafe { pg_sys::superuser_arg(user) } {
        return;
    }
    let grants = {
        let _owner = AsOwner::of(own::relid(c"unmask_grant"));
        query(
            "SELECT role, rule FROM synth.unmask_grant WHERE relid OPERATOR(pg_catalog.=) $1 AND attnum OPERATOR(pg_catalog.=) $2",
            &[
                (pg_sys::OIDOID, relid.into_datum()),
                (pg_sys::INT2OID, attnum.into_datum()),
            ],
            |row| Ok(row.get::<Oid>(1)?.zip(row.get::<String>(2)?)),
        )
    };
    // SAFETY: catalog look-up.
    let own = |role: Oid| unsafe { pg_sys::has_privs_of_role(user, role) };
    let Some((_, rule)) = grants.into_iter().find(|(role, _)| own(*role)) else {
        raise(
            ERRCODE_INSUFFICIENT_PRIVILEGE,
            format!(
                "permission denied to unmask column {}.{name}",
                relation_name(relid)
            ),
            Some("A superuser may run synth_grant_unmask(role, table, column).".to_owned()),
        );
    };
    if rule != rule_of(relid, attnum, name).to_string() {
        raise(
            ERRCODE_INSUFFICIENT_PRIVILEGE,
            format!(
                "the rule of column {}.{name} is another than when unmasking was granted",
                relation_name(relid)
            ),
            Some(
                "A superuser may grant it anew: synth_grant_unmask(role, table, column)."
                    .to_owned(),
            ),
        );
    }
}

sql_function! {
    /// `synth_grant_unmask(role regrole, target regclass, column_name name) RETURNS void`
    synth_grant_unmask(fcinfo) {
        // SAFETY: the argument types are those declared in SQL.
        unsafe { grant(fcinfo, true) };
        Datum::null()
    }
}

sql_function! {
    /// `synth_revoke_unmask(role regrole, target regclass, column_name name) RETURNS void`
    synth_revoke_unmask(fcinfo) {
        // SAFETY: the argument types are those declared in SQL.
        unsafe { grant(fcinfo, false) };
        Datum::null()
    }
}

/// # Safety
/// The arguments are a role, a table and a name.
unsafe fn grant(fcinfo: pg_sys::FunctionCallInfo, give: bool) {
    // SAFETY: by the caller's promise.
    let (role, relid, name) = unsafe {
        let role: Oid = pg_getarg(fcinfo, 0).unwrap_or_else(|| raise_null("role"));
        let relid: Oid = pg_getarg(fcinfo, 1).unwrap_or_else(|| raise_null("target"));
        let name: &CStr = pg_getarg(fcinfo, 2).unwrap_or_else(|| raise_null("column_name"));
        (role, relid, name.to_string_lossy().into_owned())
    };
    // SAFETY: catalog look-up; palloc'd or NULL.
    let role_name = unsafe { string(pg_sys::GetUserNameFromId(role, true)) };
    if role_name.is_empty() {
        raise(
            ERRCODE_UNDEFINED_OBJECT,
            format!("role with OID {} does not exist", role.to_u32()),
            Some("Name a role: 'support'::regrole.".to_owned()),
        );
    }
    let attnum = attnum(relid, &name);
    let rule = if give {
        Some(rule_of(relid, attnum, &name).to_string())
    } else {
        None
    };
    {
        let _owner = AsOwner::of(own::relid(c"unmask_grant"));
        let column = [
            (pg_sys::OIDOID, role.into_datum()),
            (pg_sys::OIDOID, relid.into_datum()),
            (pg_sys::INT2OID, attnum.into_datum()),
        ];
        crate::query::with_safe_path(|| {
            execute(
                "DELETE FROM synth.unmask_grant WHERE role OPERATOR(pg_catalog.=) $1
                 AND relid OPERATOR(pg_catalog.=) $2 AND attnum OPERATOR(pg_catalog.=) $3",
                &column,
            );
            if let Some(rule) = &rule {
                let rule = (pg_sys::TEXTOID, rule.as_str().into_datum());
                execute(
                    "INSERT INTO synth.unmask_grant (role, relid, attnum, rule) VALUES ($1, $2, $3, $4)",
                    &[&column[..], &[rule]].concat(),
                );
            }
        });
    }
    let column = format!("{}.{name}", relation_name(relid));
    let operation = if give {
        "grant_unmask"
    } else {
        "revoke_unmask"
    };
    let target = format!("{column} to {role_name}");
    audit::record(&audit::Run {
        rules: rule.map(|rule| (column, rule)).into_iter().collect(),
        ..audit::Run::about(operation, target)
    });
}
