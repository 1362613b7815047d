//! Masking rules are security labels on columns: they follow renames, and `pg_dump` carries them.
//!
//! The label provider reads each rule and checks it against its column before Postgres stores it.
//! `synth_set_rule` and `synth_drop_rule` issue the same statement, and load this library, so no
//! preload setting is needed to begin.

use std::ffi::{CStr, CString};

use pgrx::PgSqlErrorCode::{self, *};
use pgrx::fcinfo::pg_getarg;
use pgrx::pg_sys::{self, Datum, Oid};
use synth_engine::mask::{self, Literal, Rule, Target};
use synth_engine::schema::ColumnType;

use crate::boundary::{relation_name, sql_function, string};
use crate::error::{or_raise, raise, raise_engine_about, raise_null};
use crate::mask::function;
use crate::mask::other::Other;
use crate::mask::owner::{AsOwner, require_ownership};
use crate::mask::protect;

/// The provider's name, as in `SECURITY LABEL FOR pg_synth`.
pub const PROVIDER: &CStr = c"pg_synth";

/// Tells Postgres who checks labels of this provider.
pub fn register_provider() {
    // SAFETY: called once per process, from _PG_init.
    unsafe { pg_sys::register_label_provider(PROVIDER.as_ptr(), Some(check_label)) }
}

/// Called by SECURITY LABEL, after Postgres has checked that the user owns the object.
#[pgrx::pg_guard]
unsafe extern "C-unwind" fn check_label(
    object: *const pg_sys::ObjectAddress,
    label: *const std::ffi::c_char,
) {
    if label.is_null() {
        // Removing a rule is always possible.
        return;
    }
    // SAFETY: Postgres passes a valid address and a NUL-terminated label.
    let (object, text) = unsafe { (&*object, string(label)) };
    if object.classId == pg_sys::RelationRelationId
        && object.objectSubId == 0
        && protect::is_protection(&text)
    {
        return protect::check_table(object.objectId);
    }
    if object.classId != pg_sys::RelationRelationId || object.objectSubId <= 0 {
        raise(
            ERRCODE_WRONG_OBJECT_TYPE,
            "masking rules are put on columns of tables".to_owned(),
            Some("SECURITY LABEL FOR pg_synth ON COLUMN <table>.<column> IS '<rule>'".to_owned()),
        );
    }
    let rule: Rule = or_raise(text.parse());
    let column = Column::of(object.objectId, object.objectSubId as i16);
    if let Err(error) = column.check(&rule) {
        raise_engine_about(&error, &format!("column {}: ", column.display()));
    }
    if let Err(refusal) = column.check_references(&rule) {
        // A dump restores rules before the table of trusted functions: masking refuses all the same.
        if matches!(rule.action(), Rule::Function { .. }) {
            pgrx::warning!("{}: masking will refuse", refusal.message);
        } else {
            refusal.raise();
        }
    }
    column.read_literals(&rule);
}

/// Why a column cannot carry a rule.
pub struct Refusal {
    code: PgSqlErrorCode,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub hint: Option<&'static str>,
}

impl Refusal {
    /// What is said.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Why a rule cannot be used.
    pub fn new(code: PgSqlErrorCode, message: String, hint: &'static str) -> Self {
        Self {
            code,
            message,
            hint: Some(hint),
        }
    }

    /// The same, where a value is expected.
    pub fn raise_for<T>(self) -> T {
        self.raise()
    }

    /// Raises it as an error.
    pub fn raise(self) -> ! {
        raise(self.code, self.message, self.hint.map(str::to_owned))
    }
}

/// A column of a table, as far as rules are concerned.
pub struct Column {
    relid: Oid,
    /// Attribute number, from 1.
    pub attnum: i16,
    /// Name.
    pub name: String,
    /// Declared type, possibly a domain.
    pub type_oid: Oid,
    /// Type modifier of the declared type.
    pub typmod: i32,
    /// The declared type is a domain.
    pub is_domain: bool,
    /// The type below all domains.
    pub base_oid: Oid,
    /// Type modifier of that type.
    pub base_typmod: i32,
    /// The base type is `char(n)`: padded with blanks to so many characters.
    pub padded_to: Option<usize>,
    /// What the engine needs to know.
    pub target: Target,
    /// What it is masked as, where that is another type: the key that it refers to, or columns that
    /// refer to it, are of that type.
    pub masked_as: Option<Target>,
}

impl Column {
    /// Looks a column up; raises an error if it cannot carry a rule.
    pub fn of(relid: Oid, attnum: i16) -> Self {
        Self::find(relid, attnum).unwrap_or_else(|refusal| refusal.raise())
    }

    /// Looks a column up; says why if it cannot carry a rule.
    pub fn find(relid: Oid, attnum: i16) -> Result<Self, Refusal> {
        // SAFETY: syscache look-ups, released before the function returns.
        unsafe {
            let relkind = pg_sys::get_rel_relkind(relid) as u8;
            if relkind != pg_sys::RELKIND_RELATION && relkind != pg_sys::RELKIND_PARTITIONED_TABLE {
                return Err(Refusal {
                    code: ERRCODE_WRONG_OBJECT_TYPE,
                    message: format!("{} is not a table", relation_name(relid)),
                    hint: Some("Put the rule on the table that stores the column."),
                });
            }
            if pg_sys::IsCatalogRelationOid(relid) {
                return Err(Refusal {
                    code: ERRCODE_INSUFFICIENT_PRIVILEGE,
                    message: format!("{} is a system catalog", relation_name(relid)),
                    hint: Some("Rules are for tables of users."),
                });
            }
            let tuple = pg_sys::SearchSysCache2(
                pg_sys::SysCacheIdentifier::ATTNUM as i32,
                Datum::from(relid),
                Datum::from(attnum),
            );
            if tuple.is_null() {
                return Err(Refusal {
                    code: ERRCODE_UNDEFINED_COLUMN,
                    message: format!("column {attnum} of {} is gone", relation_name(relid)),
                    hint: Some("It was dropped meanwhile: call again."),
                });
            }
            let form = *pg_sys::GETSTRUCT(tuple).cast::<pg_sys::FormData_pg_attribute>();
            pg_sys::ReleaseSysCache(tuple);
            Self::from_attribute(relid, &form)
        }
    }

    /// The same, from the attribute's catalog row.
    pub fn from_attribute(
        relid: Oid,
        form: &pg_sys::FormData_pg_attribute,
    ) -> Result<Self, Refusal> {
        // SAFETY: the name is NUL-terminated; the type exists while the column does.
        unsafe {
            let name = string(form.attname.data.as_ptr());
            if form.attgenerated != 0 {
                return Err(Refusal {
                    code: ERRCODE_WRONG_OBJECT_TYPE,
                    message: format!("column \"{name}\" is generated"),
                    hint: Some(
                        "Generated columns are computed anew: put rules on the columns they are computed from.",
                    ),
                });
            }
            let mut typmod = form.atttypmod;
            let base = pg_sys::getBaseTypeAndTypmod(form.atttypid, &raw mut typmod);
            let (element, array) = element_of(base);
            let max_chars = match element {
                pg_sys::VARCHAROID | pg_sys::BPCHAROID => {
                    usize::try_from(typmod - pg_sys::VARHDRSZ as i32).ok()
                }
                _ => None,
            };
            let is_bpchar = element == pg_sys::BPCHAROID;
            Ok(Self {
                relid,
                attnum: form.attnum,
                name,
                type_oid: form.atttypid,
                typmod: form.atttypmod,
                is_domain: base != form.atttypid,
                base_oid: base,
                base_typmod: typmod,
                padded_to: max_chars.filter(|_| is_bpchar),
                target: Target {
                    column_type: column_type(element),
                    type_name: string(pg_sys::format_type_with_typemod(
                        form.atttypid,
                        form.atttypmod,
                    )),
                    max_chars,
                    not_null: form.attnotnull,
                    array,
                },
                masked_as: None,
            })
        }
    }

    /// `schema.table.column`.
    pub fn display(&self) -> String {
        format!("{}.{}", relation_name(self.relid), self.name)
    }

    /// Whether the rule fits the column, as far as the engine can tell.
    pub fn check(&self, rule: &Rule) -> synth_engine::Result<()> {
        mask::check(rule, &self.target)
    }

    /// Whether there is what else the rule names: columns of the row, a trusted function.
    pub fn check_references(&self, rule: &Rule) -> Result<(), Refusal> {
        if let Some(condition) = rule.condition() {
            Other::find(self.relid, &condition.column)?;
        }
        match rule.action() {
            Rule::Function { .. } => function::find(self, rule).map(|_| ()),
            Rule::Mask { .. } => {
                // A rule that cannot be built has been refused already.
                let secret = synth_engine::secret::Secret::new([0; 32]);
                let mask = mask::build(rule, &self.target, &secret);
                for name in mask.iter().flat_map(|mask| mask.companions()) {
                    if *name == self.name {
                        return Err(Refusal::new(
                            ERRCODE_INVALID_PARAMETER_VALUE,
                            format!("column \"{name}\" cannot be its own subject"),
                            "Name the column that says whose value it is.",
                        ));
                    }
                    Other::find(self.relid, name)?;
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Reads the literals of a VALUE and of a condition with the input functions of the columns'
    /// types. Reading may run code of the type's or a domain's owner, hence as the table's owner.
    fn read_literals(&self, rule: &Rule) {
        let _owner = AsOwner::of(self.relid);
        // SAFETY: the values are dropped with the current memory context.
        unsafe {
            if let Rule::Value(literal) = rule.action() {
                self.input(literal);
            }
            if let Some(condition) = rule.condition()
                && let Ok(other) = Other::find(self.relid, &condition.column)
            {
                other.tester(&condition.test);
            }
        }
    }

    /// The table.
    pub fn relid(&self) -> Oid {
        self.relid
    }

    /// The literal as a value of the column's type; `None` is NULL. Domains are checked.
    ///
    /// # Safety
    /// The value lives in the current memory context.
    pub unsafe fn input(&self, literal: &Literal) -> Option<Datum> {
        let text = literal.as_input()?;
        let Ok(text) = CString::new(text) else {
            raise(
                ERRCODE_INVALID_PARAMETER_VALUE,
                "a literal must not hold a NUL character".to_owned(),
                Some("Leave the character out.".to_owned()),
            );
        };
        // SAFETY: the type exists while the column does; the text is NUL-terminated.
        unsafe { Some(read_as(self.type_oid, self.typmod, &text)) }
    }
}

/// A text as a value of a type, by its input function.
///
/// # Safety
/// The type exists; the value lives in the current memory context.
pub unsafe fn read_as(type_oid: Oid, typmod: i32, text: &CStr) -> Datum {
    let (mut function, mut param) = (pg_sys::InvalidOid, pg_sys::InvalidOid);
    // SAFETY: the type exists by the caller's promise; the text is NUL-terminated.
    unsafe {
        pg_sys::getTypeInputInfo(type_oid, &raw mut function, &raw mut param);
        pg_sys::OidInputFunctionCall(function, text.as_ptr().cast_mut(), param, typmod)
    }
}

/// The type of an array's elements and true, or the type itself and false.
pub fn element_of(base: Oid) -> (Oid, bool) {
    // SAFETY: catalog look-up; InvalidOid for what is no array.
    match unsafe { pg_sys::get_element_type(base) } {
        pg_sys::InvalidOid => (base, false),
        element => (element, true),
    }
}

/// The engine's name for a type that it computes with; domains are none.
fn column_type(base: Oid) -> Option<ColumnType> {
    Some(match base {
        pg_sys::TEXTOID | pg_sys::VARCHAROID | pg_sys::BPCHAROID => ColumnType::Text,
        pg_sys::INT2OID => ColumnType::SmallInt,
        pg_sys::INT4OID => ColumnType::Integer,
        pg_sys::INT8OID => ColumnType::BigInt,
        pg_sys::FLOAT4OID => ColumnType::Real,
        pg_sys::FLOAT8OID => ColumnType::Double,
        pg_sys::NUMERICOID => ColumnType::Numeric,
        pg_sys::DATEOID => ColumnType::Date,
        pg_sys::TIMEOID => ColumnType::Time,
        pg_sys::TIMESTAMPOID => ColumnType::Timestamp,
        pg_sys::TIMESTAMPTZOID => ColumnType::TimestampTz,
        pg_sys::UUIDOID => ColumnType::Uuid,
        pg_sys::BOOLOID => ColumnType::Boolean,
        pg_sys::JSONOID | pg_sys::JSONBOID => ColumnType::Json,
        pg_sys::BYTEAOID => ColumnType::Bytes,
        pg_sys::INETOID | pg_sys::CIDROID => ColumnType::Inet,
        // SAFETY: catalog look-up.
        other if unsafe { pg_sys::type_is_enum(other) } => ColumnType::Enum,
        _ => return None,
    })
}

/// The target a mask sees for a type without a column: for `synth_mask`.
pub fn target_of_type(type_oid: Oid) -> Target {
    // SAFETY: format_type copes with any OID.
    let type_name = unsafe { string(pg_sys::format_type_be(type_oid)) };
    // SAFETY: gives the type itself unless it is a domain.
    let (element, array) = element_of(unsafe { pg_sys::getBaseType(type_oid) });
    Target {
        column_type: column_type(element),
        type_name,
        max_chars: None,
        not_null: false,
        array,
    }
}

sql_function! {
    /// `synth_set_rule(target regclass, column_name name, rule text) RETURNS void`
    synth_set_rule(fcinfo) {
        // SAFETY: the argument types are those declared in SQL.
        unsafe {
            let rule: String = pg_getarg(fcinfo, 2).unwrap_or_else(|| raise_null("rule"));
            label(fcinfo, Some(&rule));
        }
        Datum::null()
    }
}

sql_function! {
    /// `synth_drop_rule(target regclass, column_name name) RETURNS void`
    synth_drop_rule(fcinfo) {
        // SAFETY: the argument types are those declared in SQL.
        unsafe { label(fcinfo, None) };
        Datum::null()
    }
}

sql_function! {
    /// `synth.rule_problem(target regclass, attnum smallint, rule text) RETURNS text`: why a stored
    /// rule no longer fits its column; NULL if it does.
    synth_rule_problem(fcinfo) {
        // SAFETY: the argument types are those declared in SQL.
        unsafe {
            let relid: Oid = pg_getarg(fcinfo, 0).unwrap_or_else(|| raise_null("target"));
            let attnum: i16 = pg_getarg(fcinfo, 1).unwrap_or_else(|| raise_null("attnum"));
            let rule: String = pg_getarg(fcinfo, 2).unwrap_or_else(|| raise_null("rule"));
            // Nothing here may raise an error: one table of one user would hide everybody's rules.
            let problem = match (rule.parse::<Rule>(), Column::find(relid, attnum)) {
                (Err(error), _) => Some(error.to_string()),
                (_, Err(refusal)) => Some(refusal.message),
                (Ok(rule), Ok(column)) => column
                    .check(&rule)
                    .map_err(|error| error.to_string())
                    .and_then(|()| {
                        column
                            .check_references(&rule)
                            .map_err(|refusal| refusal.message)
                    })
                    .err(),
            };
            match pgrx::IntoDatum::into_datum(problem) {
                Some(problem) => problem,
                None => pgrx::fcinfo::pg_return_null(fcinfo),
            }
        }
    }
}

/// Sets a rule on a column, as `synth_set_rule` does.
pub fn set(relid: Oid, column: &str, rule: &str) {
    let column = CString::new(column).unwrap_or_default();
    set_label(relid, Some(&column), Some(rule));
}

/// Sets or removes the rule of a column.
///
/// # Safety
/// The first two arguments of the call are a regclass and a name.
unsafe fn label(fcinfo: pg_sys::FunctionCallInfo, rule: Option<&str>) {
    // SAFETY: by the caller's promise.
    let (relid, column): (Oid, &CStr) = unsafe {
        (
            pg_getarg(fcinfo, 0).unwrap_or_else(|| raise_null("target")),
            pg_getarg(fcinfo, 1).unwrap_or_else(|| raise_null("column_name")),
        )
    };
    set_label(relid, Some(column), rule);
}

/// Runs `SECURITY LABEL FOR pg_synth ON ... IS ...`, on a column or a whole table, as a parse tree:
/// no text is quoted, and auditing hooks and event triggers see the statement.
pub fn set_label(relid: Oid, column: Option<&CStr>, text: Option<&str>) {
    // SAFETY: nodes are built in the current context and live until the call ends.
    unsafe {
        let name = pg_sys::get_rel_name(relid);
        let schema = pg_sys::get_namespace_name(pg_sys::get_rel_namespace(relid));
        if name.is_null() || schema.is_null() {
            raise(
                ERRCODE_UNDEFINED_TABLE,
                format!("relation with OID {} does not exist", relid.to_u32()),
                Some("It may have been dropped meanwhile.".to_owned()),
            );
        }
        // SECURITY LABEL takes its lock first: who may not set rules must not be able to wait for it,
        // and block.
        require_ownership(relid);
        let mut path = std::ptr::null_mut();
        for part in [schema, name] {
            path = pg_sys::lappend(path, pg_sys::makeString(part).cast());
        }
        let mut statement =
            pgrx::PgBox::<pg_sys::SecLabelStmt>::alloc_node(pg_sys::NodeTag::T_SecLabelStmt);
        statement.objtype = pg_sys::ObjectType::OBJECT_TABLE;
        if let Some(column) = column {
            let part = pg_sys::pstrdup(column.as_ptr());
            path = pg_sys::lappend(path, pg_sys::makeString(part).cast());
            statement.objtype = pg_sys::ObjectType::OBJECT_COLUMN;
        }
        statement.object = path.cast();
        statement.provider = pg_sys::pstrdup(PROVIDER.as_ptr());
        statement.label = match text.map(CString::new) {
            None => std::ptr::null_mut(),
            Some(Ok(text)) => pg_sys::pstrdup(text.as_ptr()),
            Some(Err(_)) => raise(
                ERRCODE_INVALID_PARAMETER_VALUE,
                "a rule must not hold a NUL character".to_owned(),
                Some("Leave the character out.".to_owned()),
            ),
        };
        run_utility(statement.into_pg().cast(), c"SECURITY LABEL FOR pg_synth");
    }
}

/// Runs a utility statement given as a parse tree, as if the user had sent it.
///
/// # Safety
/// `statement` is a complete utility node.
pub unsafe fn run_utility(statement: *mut pg_sys::Node, text: &CStr) {
    // SAFETY: a PlannedStmt around a utility node is what the portal code passes, too.
    unsafe {
        let mut planned =
            pgrx::PgBox::<pg_sys::PlannedStmt>::alloc_node(pg_sys::NodeTag::T_PlannedStmt);
        planned.commandType = pg_sys::CmdType::CMD_UTILITY;
        planned.utilityStmt = statement;
        planned.stmt_location = -1;
        pg_sys::ProcessUtility(
            planned.into_pg(),
            text.as_ptr(),
            false,
            pg_sys::ProcessUtilityContext::PROCESS_UTILITY_QUERY,
            std::ptr::null_mut(),
            std::ptr::null_mut(),
            pg_sys::None_Receiver,
            std::ptr::null_mut(),
        );
    }
}
