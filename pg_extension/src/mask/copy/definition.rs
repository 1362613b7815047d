//! Definitions of tables, made anew in another schema.
//!
//! Texts come from Postgres's own deparsing, written and read under a search path without schemas
//! of users, so that all they name is qualified. Where such a text names a copied table, the
//! statement is parsed and the name replaced in its node. Everything runs as the owner of what it is
//! copied from: expressions and functions of a definition get the rights they have there.

use std::collections::HashMap;
use std::ffi::{CStr, CString, c_void};

use pgrx::pg_sys::{self, NodeTag, Oid};
use pgrx::{PgList, pg_guard};

use super::inheritance;
use super::source::{Source, Table, oid, oid_list, qualified};
use crate::boundary::string;
use crate::error::defect;
use crate::mask::owner::AsOwner;
use crate::query::{execute, query, with_settings};
use crate::rule::run_utility;

/// Settings under which definitions are written and read.
const SETTINGS: &[(&CStr, &CStr)] = &[
    (c"search_path", c"pg_catalog, pg_temp"),
    (c"DateStyle", c"ISO"),
    (c"IntervalStyle", c"postgres"),
    (c"extra_float_digits", c"3"),
    (c"default_tablespace", c""),
];

/// A schema in the making.
pub struct Definition<'a> {
    source: &'a Source,
    schema: &'a str,
    namespace: Oid,
    /// Tables and sequences, and what has been made of them.
    pub copies: HashMap<Oid, Oid>,
}

impl<'a> Definition<'a> {
    /// Of a schema that is there and empty.
    pub fn new(source: &'a Source, schema: &'a str, namespace: Oid) -> Self {
        Self {
            source,
            schema,
            namespace,
            copies: HashMap::new(),
        }
    }

    /// Makes the tables, with what rows need on their way in: types, defaults, generated columns and
    /// checks. What is built from rows, and what binds tables together, comes with [`Self::finish`].
    pub fn begin(&mut self) {
        with_settings(SETTINGS, || {
            super::sequence::create(self);
            for table in &self.source.tables {
                let _owner = AsOwner::of(table.relid);
                execute(&self.create_table(table), &[]);
                self.remember(table.relid, &table.name);
                for statement in self.columns(table) {
                    execute(&statement, &[]);
                }
                for (column, default) in self.defaults(table) {
                    let table = self.name(table);
                    execute(
                        &format!("ALTER TABLE ONLY {table} ALTER {column} SET DEFAULT {default}"),
                        &[],
                    );
                }
                self.add_constraints(table, "k.contype = 'c' AND k.convalidated");
            }
            super::sequence::identities(self);
        });
    }

    /// Makes the rest, when the rows are there.
    pub fn finish(&mut self) {
        with_settings(SETTINGS, || {
            let mut tables: Vec<&Table> = self.source.tables.iter().collect();
            // Partitions get their indexes before the tables above, which take them over.
            tables.sort_by_key(|table| std::cmp::Reverse(self.source.depth(table)));
            for table in &tables {
                let _owner = AsOwner::of(table.relid);
                // Before partitions are bound: afterwards a check goes down to tables of other owners.
                self.add_constraints(table, "k.contype = 'c' AND NOT k.convalidated");
            }
            for table in &tables {
                let _owner = AsOwner::of(table.relid);
                self.add_constraints(table, "k.contype IN ('p', 'u', 'x')");
                self.set_index_options(table);
                self.create_indexes(table);
                self.attach(table);
            }
            for table in &tables {
                let _owner = AsOwner::of(table.relid);
                self.inherit(table);
                self.set_properties(table);
                self.create_statistics(table);
            }
            super::grants::references(self);
            for table in &tables {
                let _owner = AsOwner::of(table.relid);
                self.add_constraints(table, "k.contype = 'f'");
            }
            super::sequence::set_values(self);
            self.comment();
        });
    }

    pub(super) fn source(&self) -> &'a Source {
        self.source
    }

    pub(super) fn schema(&self) -> &'a str {
        self.schema
    }

    /// The quoted name of a table's copy.
    fn name(&self, table: &Table) -> String {
        qualified(self.schema, &table.name)
    }

    /// Notes what was made of a table or sequence.
    pub(super) fn remember(&mut self, relid: Oid, name: &str) {
        let name = CString::new(name).unwrap_or_default();
        // SAFETY: a catalog look-up by a NUL-terminated name.
        let copy = unsafe { pg_sys::get_relname_relid(name.as_ptr(), self.namespace) };
        if copy == Oid::INVALID {
            defect("a table that was just made is not there".to_owned());
        }
        self.copies.insert(relid, copy);
    }

    fn create_table(&self, table: &Table) -> String {
        let parts = query(
            "SELECT CASE c.relpersistence WHEN 'u' THEN 'UNLOGGED ' ELSE '' END,
                    coalesce('PARTITION BY ' || pg_get_partkeydef(c.oid), ''),
                    coalesce('USING ' || quote_ident(m.amname), ''),
                    coalesce('TABLESPACE ' || quote_ident(s.spcname), ''),
                    ARRAY(SELECT quote_ident(split_part(o, '=', 1)) || ' = '
                                 || quote_literal(substr(o, strpos(o, '=') + 1))
                          FROM unnest(c.reloptions) o
                          UNION ALL
                          SELECT 'toast.' || quote_ident(split_part(o, '=', 1)) || ' = '
                                 || quote_literal(substr(o, strpos(o, '=') + 1))
                          FROM unnest(t.reloptions) o)
             FROM pg_class c
             LEFT JOIN pg_class t ON t.oid = c.reltoastrelid
             LEFT JOIN pg_am m ON m.oid = c.relam
             LEFT JOIN pg_tablespace s ON s.oid = c.reltablespace
             WHERE c.oid = $1",
            &[oid(table.relid)],
            |row| {
                let words: Vec<String> = (1..=4)
                    .map(|column| row.get::<String>(column).map(Option::unwrap_or_default))
                    .collect::<Result<_, _>>()?;
                Ok(Some((
                    words,
                    row.get::<Vec<String>>(5)?.unwrap_or_default(),
                )))
            },
        );
        let (words, options) = parts.into_iter().next().unwrap_or_default();
        let [persistence, partitioned, method, tablespace] = &words[..] else {
            return String::new();
        };
        let options = if options.is_empty() {
            String::new()
        } else {
            format!("WITH ({})", options.join(", "))
        };
        let original = qualified(&self.source.schema, &table.name);
        format!(
            "CREATE {persistence}TABLE {} (LIKE {original} INCLUDING COMPRESSION INCLUDING GENERATED INCLUDING STORAGE) {partitioned} {method} {options} {tablespace}",
            self.name(table)
        )
    }

    /// Properties of columns that LIKE leaves out.
    fn columns(&self, table: &Table) -> Vec<String> {
        let name = self.name(table);
        query(
            "SELECT quote_ident(attname), attstattarget,
                    ARRAY(SELECT quote_ident(split_part(o, '=', 1)) || ' = ' || substr(o, strpos(o, '=') + 1)::float8
                          FROM unnest(attoptions) o
                          WHERE split_part(o, '=', 1) IN ('n_distinct', 'n_distinct_inherited'))
             FROM pg_attribute
             WHERE attrelid = $1 AND attnum > 0 AND NOT attisdropped
               AND (attstattarget >= 0 OR attoptions IS NOT NULL)
             ORDER BY attnum",
            &[oid(table.relid)],
            |row| {
                let column: String = row.get(1)?.unwrap_or_default();
                let target: i32 = row.get(2)?.unwrap_or(-1);
                let options: Vec<String> = row.get(3)?.unwrap_or_default();
                let mut actions = Vec::new();
                if target >= 0 {
                    actions.push(format!("ALTER {column} SET STATISTICS {target}"));
                }
                if !options.is_empty() {
                    actions.push(format!("ALTER {column} SET ({})", options.join(", ")));
                }
                let any = !actions.is_empty();
                Ok(any.then(|| format!("ALTER TABLE ONLY {name} {}", actions.join(", "))))
            },
        )
    }

    /// Columns, quoted, with their defaults as SQL; sequences are those of the copy.
    fn defaults(&self, table: &Table) -> Vec<(String, String)> {
        let trees: Vec<(String, String)> = query(
            "SELECT quote_ident(a.attname), d.adbin::text
             FROM pg_attrdef d
             JOIN pg_attribute a ON a.attrelid = d.adrelid AND a.attnum = d.adnum
             WHERE d.adrelid = $1 AND a.attgenerated = '' AND NOT a.attisdropped
             ORDER BY a.attnum",
            &[oid(table.relid)],
            |row| Ok(row.get(1)?.zip(row.get(2)?)),
        );
        let trees = trees.into_iter();
        trees
            .map(|(column, tree)| (column, self.expression(&tree)))
            .collect()
    }

    /// An expression of the catalog that reads no column, as SQL; constants that stand for a copied
    /// table or sequence stand for its copy.
    fn expression(&self, tree: &str) -> String {
        let tree = CString::new(tree).unwrap_or_default();
        // SAFETY: the tree was stored by the server, and what is read from it is ours to change; the
        // map outlives the walk.
        unsafe {
            let node = pg_sys::stringToNode(tree.as_ptr()).cast::<pg_sys::Node>();
            let map = std::ptr::from_ref(&self.copies).cast_mut().cast();
            replace_relations(node, map);
            string(pg_sys::deparse_expression(
                node,
                std::ptr::null_mut(),
                false,
                false,
            ))
        }
    }

    /// Adds those constraints of a table for which a fixed condition on `pg_constraint k` holds.
    fn add_constraints(&self, table: &Table, which: &str) {
        let relids = oid_list(&self.source.relids());
        let constraints: Vec<(String, String)> = query(
            &format!(
                "SELECT quote_ident(k.conname), pg_get_constraintdef(k.oid)
                 FROM pg_constraint k
                 LEFT JOIN pg_index i ON i.indexrelid = k.conindid AND k.contype IN ('p', 'u', 'x')
                 WHERE k.conrelid = $1 AND {which} AND coalesce(i.indisvalid, true)
                   AND (k.contype <> 'f' OR k.conparentid = 0 AND k.confrelid = ANY ($2))
                 ORDER BY k.contype <> 'p', k.conname"
            ),
            &[oid(table.relid), relids],
            |row| Ok(row.get(1)?.zip(row.get(2)?)),
        );
        for (name, definition) in constraints {
            let only = if table.is_partitioned { "" } else { "ONLY " };
            let sql = format!(
                "ALTER TABLE {only}{} ADD CONSTRAINT {name} {definition}",
                self.name(table)
            );
            self.run(&sql);
        }
    }

    /// Storage parameters of indexes of constraints, which the constraints' definitions leave out.
    fn set_index_options(&self, table: &Table) {
        let options = query(
            "SELECT c.relname::text,
                    ARRAY(SELECT quote_ident(split_part(o, '=', 1)) || ' = '
                                 || quote_literal(substr(o, strpos(o, '=') + 1))
                          FROM unnest(c.reloptions) o)
             FROM pg_constraint k JOIN pg_class c ON c.oid = k.conindid
             WHERE k.conrelid = $1 AND k.contype IN ('p', 'u', 'x') AND c.relkind = 'i'
               AND c.reloptions IS NOT NULL
             ORDER BY c.relname",
            &[oid(table.relid)],
            |row| Ok(row.get::<String>(1)?.zip(row.get::<Vec<String>>(2)?)),
        );
        for (index, options) in options {
            let index = qualified(self.schema, &index);
            execute(
                &format!("ALTER INDEX {index} SET ({})", options.join(", ")),
                &[],
            );
        }
    }

    /// Indexes that belong to no constraint.
    fn create_indexes(&self, table: &Table) {
        let definitions = query(
            "SELECT pg_get_indexdef(i.indexrelid)
             FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
             WHERE i.indrelid = $1 AND i.indisvalid
               AND NOT EXISTS (SELECT FROM pg_constraint k
                               WHERE k.conindid = i.indexrelid AND k.contype IN ('p', 'u', 'x'))
             ORDER BY c.relname",
            &[oid(table.relid)],
            |row| row.get::<String>(1),
        );
        for definition in definitions {
            self.run(&definition);
        }
    }

    /// Makes a partition what it is; the bound is as Postgres writes it.
    fn attach(&self, table: &Table) {
        let Some(parent) = table.parent.and_then(|parent| self.source.table(parent)) else {
            return;
        };
        let bound = query(
            "SELECT pg_get_expr(relpartbound, oid) FROM pg_class WHERE oid = $1",
            &[oid(table.relid)],
            |row| row.get::<String>(1),
        );
        for bound in bound {
            let sql = format!(
                "ALTER TABLE {} ATTACH PARTITION {} {bound}",
                self.name(parent),
                self.name(table)
            );
            self.bind(parent, table, &sql);
        }
    }

    /// Inheritance, from tables of the schema.
    fn inherit(&self, table: &Table) {
        let parents = query(
            "SELECT i.inhparent FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
             WHERE i.inhrelid = $1 AND NOT c.relispartition ORDER BY i.inhseqno",
            &[oid(table.relid)],
            |row| row.get::<Oid>(1),
        );
        for parent in parents
            .into_iter()
            .filter_map(|parent| self.source.table(parent))
        {
            let sql = format!(
                "ALTER TABLE {} INHERIT {}",
                self.name(table),
                self.name(parent)
            );
            self.bind(parent, table, &sql);
        }
        inheritance::mark(table.relid, self.copies.get(&table.relid).copied());
    }

    /// Binds a table to one above it, which Postgres lets nobody do but an owner of both. It is done
    /// as the owner of the upper table, whose expressions run then (partition keys, indexes); where
    /// the tables belong to different roles, the lower one is lent to that owner meanwhile.
    fn bind(&self, parent: &Table, table: &Table, sql: &str) {
        let copy = self.copies.get(&table.relid).copied();
        inheritance::lent(copy, parent.relid, || {
            let _owner = AsOwner::of(parent.relid);
            execute(sql, &[]);
        });
    }

    /// Replica identity and the index a table is clustered on.
    fn set_properties(&self, table: &Table) {
        let actions = query(
            "SELECT CASE c.relreplident WHEN 'f' THEN 'REPLICA IDENTITY FULL'
                                        WHEN 'n' THEN 'REPLICA IDENTITY NOTHING' END
             FROM pg_class c WHERE c.oid = $1 AND c.relreplident IN ('f', 'n')
             UNION ALL
             SELECT 'REPLICA IDENTITY USING INDEX ' || quote_ident(c.relname)
             FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
             WHERE i.indrelid = $1 AND i.indisreplident AND i.indisvalid
             UNION ALL
             SELECT 'CLUSTER ON ' || quote_ident(c.relname)
             FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
             WHERE i.indrelid = $1 AND i.indisclustered AND i.indisvalid",
            &[oid(table.relid)],
            |row| row.get::<String>(1),
        );
        for action in actions {
            execute(
                &format!("ALTER TABLE ONLY {} {action}", self.name(table)),
                &[],
            );
        }
    }

    /// Extended statistics: what is to be counted, not what was.
    fn create_statistics(&self, table: &Table) {
        let definitions = query(
            "SELECT pg_get_statisticsobjdef(oid) FROM pg_statistic_ext
             WHERE stxrelid = $1 ORDER BY stxname",
            &[oid(table.relid)],
            |row| row.get::<String>(1),
        );
        for definition in definitions {
            self.run(&definition);
        }
    }

    /// Comments on tables, columns, constraints, indexes and sequences.
    fn comment(&self) {
        let (relids, copies): (Vec<Oid>, Vec<Oid>) =
            self.copies.iter().map(|(a, b)| (*a, *b)).unzip();
        let comments: Vec<(Oid, Oid, i32, String)> = query(
            "WITH copies (relid, copy) AS (SELECT * FROM unnest($1, $2))
             SELECT d.classoid, x.copy, coalesce(b.attnum, 0)::integer, d.description
             FROM copies x
             JOIN pg_description d ON d.objoid = x.relid AND d.classoid = 'pg_class'::regclass
             LEFT JOIN pg_attribute a ON a.attrelid = x.relid AND a.attnum = d.objsubid AND d.objsubid > 0
             LEFT JOIN pg_attribute b ON b.attrelid = x.copy AND b.attname = a.attname
             UNION ALL
             SELECT d.classoid, l.oid, 0, d.description
             FROM copies x
             JOIN pg_constraint k ON k.conrelid = x.relid
             JOIN pg_description d ON d.objoid = k.oid AND d.classoid = 'pg_constraint'::regclass
             JOIN pg_constraint l ON l.conrelid = x.copy AND l.conname = k.conname
             UNION ALL
             SELECT d.classoid, d2.oid, 0, d.description
             FROM copies x
             JOIN pg_index i ON i.indrelid = x.relid
             JOIN pg_class c ON c.oid = i.indexrelid
             JOIN pg_description d ON d.objoid = c.oid AND d.classoid = 'pg_class'::regclass
             JOIN pg_index j ON j.indrelid = x.copy
             JOIN pg_class d2 ON d2.oid = j.indexrelid AND d2.relname = c.relname",
            &[oid_list(&relids), oid_list(&copies)],
            |row| {
                let (class, object) = (row.get(1)?, row.get(2)?);
                let (column, text) = (row.get(3)?, row.get(4)?);
                Ok(class.zip(object).zip(column.zip(text)).map(
                    |((class, object), (column, text))| (class, object, column, text),
                ))
            },
        );
        for (class, object, column, text) in comments {
            let text = CString::new(text).unwrap_or_default();
            // SAFETY: a catalog change; the text is copied.
            unsafe { pg_sys::CreateComments(object, class, column, text.as_ptr()) };
        }
    }

    /// Runs a statement that Postgres has written, with the copies' names in place of the originals'.
    fn run(&self, sql: &str) {
        let Ok(text) = CString::new(sql) else {
            return;
        };
        // SAFETY: the parser gives a list with one statement, whose tag is looked at before a cast;
        // what is written into the node is palloc'd.
        unsafe {
            let mode = pg_sys::RawParseMode::RAW_PARSE_DEFAULT;
            let statements =
                PgList::<pg_sys::RawStmt>::from_pg(pg_sys::raw_parser(text.as_ptr(), mode));
            let Some(raw) = statements.get_ptr(0).filter(|_| statements.len() == 1) else {
                defect("a definition is not one statement".to_owned());
            };
            let statement = (*raw).stmt;
            match (*statement).type_ {
                NodeTag::T_IndexStmt => {
                    let index = statement.cast::<pg_sys::IndexStmt>();
                    self.redirect((*index).relation);
                    // An index of a partitioned table takes over those of the partitions.
                    (*(*index).relation).inh = true;
                }
                NodeTag::T_CreateStatsStmt => {
                    let statistics = statement.cast::<pg_sys::CreateStatsStmt>();
                    let name = PgList::<pg_sys::Node>::from_pg((*statistics).defnames);
                    if let (Some(last), true) = (name.tail(), !name.is_empty()) {
                        let schema = pg_sys::makeString(self.palloced_schema());
                        let mut qualified = PgList::<pg_sys::Node>::new();
                        qualified.push(schema.cast());
                        qualified.push(last);
                        (*statistics).defnames = qualified.into_pg();
                    }
                    let relations = PgList::<pg_sys::RangeVar>::from_pg((*statistics).relations);
                    relations
                        .iter_ptr()
                        .for_each(|relation| self.redirect(relation));
                }
                NodeTag::T_AlterTableStmt => {
                    let alter = statement.cast::<pg_sys::AlterTableStmt>();
                    let commands = PgList::<pg_sys::AlterTableCmd>::from_pg((*alter).cmds);
                    for command in commands.iter_ptr() {
                        let definition = (*command).def;
                        if !definition.is_null() && (*definition).type_ == NodeTag::T_Constraint {
                            let constraint = definition.cast::<pg_sys::Constraint>();
                            if !(*constraint).pktable.is_null() {
                                self.redirect((*constraint).pktable);
                            }
                        }
                    }
                }
                _ => defect("a definition is of an unknown kind".to_owned()),
            }
            pg_sys::CommandCounterIncrement();
            run_utility(statement, &text);
            pg_sys::CommandCounterIncrement();
        }
    }

    /// Makes a name that of the copy.
    ///
    /// # Safety
    /// `relation` is a node of a statement being changed.
    unsafe fn redirect(&self, relation: *mut pg_sys::RangeVar) {
        // SAFETY: by the caller's promise.
        unsafe { (*relation).schemaname = self.palloced_schema() };
    }

    fn palloced_schema(&self) -> *mut std::ffi::c_char {
        let schema = CString::new(self.schema).unwrap_or_default();
        // SAFETY: copies a NUL-terminated text.
        unsafe { pg_sys::pstrdup(schema.as_ptr()) }
    }
}

/// Replaces constants of type regclass.
#[pg_guard]
unsafe extern "C-unwind" fn replace_relations(
    node: *mut pg_sys::Node,
    copies: *mut c_void,
) -> bool {
    // SAFETY: a node of the tree or NULL; the context is the map of copies.
    unsafe {
        if node.is_null() {
            return false;
        }
        if (*node).type_ == NodeTag::T_Const {
            let constant = &mut *node.cast::<pg_sys::Const>();
            let copies = &*copies.cast::<HashMap<Oid, Oid>>();
            if constant.consttype == pg_sys::REGCLASSOID && !constant.constisnull {
                let relid = Oid::from(constant.constvalue.value() as u32);
                if let Some(&copy) = copies.get(&relid) {
                    constant.constvalue = copy.into();
                }
            }
            return false;
        }
        pg_sys::expression_tree_walker(node, Some(replace_relations), copies)
    }
}
