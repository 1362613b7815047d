//! Indexes of the shadow: each is built as the table's is defined, and takes its file's place in
//! the end.

use pgrx::PgSqlErrorCode::*;
use pgrx::pg_sys::{self, Oid};

use super::state::{self, Part, oid, text};
use crate::boundary::{generateClonedIndexStmt, relation_name};
use crate::error::raise;

/// An index of a table, and what says the same of another.
pub struct Index {
    /// The table's index.
    pub relid: Oid,
    /// The shadow's that has been built for it, if it is still as it was defined.
    pub shadow: Option<Oid>,
    definition: String,
}

/// The indexes of a table.
pub fn indexes(part: &Part) -> Vec<Index> {
    state::read(
        "WITH defined AS (
            SELECT i.indexrelid, i.indisvalid AND i.indisready AS usable, pg_catalog.concat_ws(',', c.relam, c.reltablespace,
                c.reloptions::text, i.indkey::text, i.indclass::text, i.indcollation::text, i.indoption::text,
                i.indnkeyatts, i.indisunique, i.indnullsnotdistinct, i.indisexclusion, i.indimmediate,
                i.indexprs::text, i.indpred::text,
                (SELECT pg_catalog.string_agg(a.attoptions::text, ';' ORDER BY a.attnum)
                 FROM pg_catalog.pg_attribute a WHERE a.attrelid = i.indexrelid)) AS definition
            FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
            WHERE i.indrelid = $1)
         SELECT d.indexrelid, d.usable, d.definition,
            (SELECT b.shadow_index FROM synth.online_index b
             JOIN pg_catalog.pg_index s ON s.indexrelid = b.shadow_index AND s.indisvalid AND s.indrelid = $2
             WHERE b.index_relid = d.indexrelid AND b.definition = d.definition)
         FROM defined d ORDER BY d.indexrelid",
        &[oid(part.relid), oid(part.shadow)],
        |row| {
            let (relid, usable) = (row.get::<Oid>(1)?, row.get::<bool>(2)?);
            let (definition, shadow) = (row.get::<String>(3)?, row.get(4)?);
            Ok(relid.zip(usable).zip(definition).map(|((relid, usable), definition)| {
                if !usable {
                    raise(
                        ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
                        format!("index {} is not valid", relation_name(relid)),
                        Some("REINDEX it, or drop it.".to_owned()),
                    );
                }
                Index {
                    relid,
                    shadow,
                    definition,
                }
            }))
        },
    )
}

/// Builds one index that is missing; whether there was one.
pub fn build_next(part: &Part) -> bool {
    let Some(index) = indexes(part)
        .into_iter()
        .find(|index| index.shadow.is_none())
    else {
        return false;
    };
    state::run(
        "DELETE FROM synth.online_index WHERE index_relid = $1",
        &[oid(index.relid)],
    );
    let built = build(part, index.relid);
    state::run(
        "INSERT INTO synth.online_index (index_relid, relid, shadow_index, definition) VALUES ($1, $2, $3, $4)",
        &[
            oid(index.relid),
            oid(part.relid),
            oid(built),
            text(&index.definition),
        ],
    );
    true
}

fn build(part: &Part, index: Oid) -> Oid {
    // SAFETY: the same columns have the same numbers in both; DefineIndex runs code of the index as
    // the owner of the shadow, who is that of the table.
    unsafe {
        let source = pg_sys::index_open(index, pg_sys::AccessShareLock as i32);
        let columns = {
            let table = pg_sys::table_open(part.relid, pg_sys::NoLock as i32);
            let natts = (*(*table).rd_att).natts;
            pg_sys::table_close(table, pg_sys::NoLock as i32);
            natts
        };
        let map = pg_sys::make_attrmap(columns);
        for number in 0..columns {
            *(*map).attnums.add(number as usize) = (number + 1) as i16;
        }
        let mut constraint = pg_sys::InvalidOid;
        let statement =
            generateClonedIndexStmt(std::ptr::null_mut(), source, map, &raw mut constraint);
        pg_sys::index_close(source, pg_sys::NoLock as i32);
        let none = pg_sys::InvalidOid;
        let made = pg_sys::DefineIndex(
            part.shadow,
            statement,
            none,
            none,
            none,
            false,
            false,
            false,
            false,
            true,
        );
        pg_sys::CommandCounterIncrement();
        made.objectId
    }
}

/// Has the planner's statistics of the shadow made.
pub fn analyze(part: &Part) {
    // SAFETY: the node is complete; ANALYZE runs code of the table as its owner.
    unsafe {
        let mut relation =
            pgrx::PgBox::<pg_sys::VacuumRelation>::alloc_node(pg_sys::NodeTag::T_VacuumRelation);
        relation.oid = part.shadow;
        relation.relation = pg_sys::makeRangeVar(
            pg_sys::get_namespace_name(state::schema()),
            pg_sys::get_rel_name(part.shadow),
            -1,
        );
        let mut statement =
            pgrx::PgBox::<pg_sys::VacuumStmt>::alloc_node(pg_sys::NodeTag::T_VacuumStmt);
        statement.is_vacuumcmd = false;
        statement.rels = pg_sys::lappend(std::ptr::null_mut(), relation.into_pg().cast());
        crate::rule::run_utility(statement.into_pg().cast(), c"ANALYZE");
    }
}
