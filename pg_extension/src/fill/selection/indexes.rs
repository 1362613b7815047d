//! The unique indexes and exclusion constraints of a table that its plan does not promise, as SQL
//! that compares candidates with rows that are there and with each other.

use pgrx::IntoDatum;
use pgrx::pg_sys;
use synth_engine::fill::Plan;

use crate::fill::catalog::Described;
use crate::query::query;

/// An index that refuses rows, on the table or a partition.
pub struct Index {
    pub name: String,
    /// The relation it is of, as the object of FROM.
    relation: String,
    /// Whether it can be asked for rows that are there: the caller may read all of them, and the
    /// planner may use it.
    answers: bool,
    method: String,
    is_exclusion: bool,
    /// What is compared, as SQL over a row.
    pub elements: Vec<Element>,
    pub nulls_equal: bool,
    /// The rows it holds for.
    pub condition: Option<String>,
}

/// Something that an index compares.
pub struct Element {
    expression: String,
    /// `COLLATE` and its name, where the type has one.
    pub collation: String,
    class: String,
    /// What two rows may not have between them.
    pub operator: String,
    pub is_equality: bool,
}

impl Index {
    /// Whether it asks for equality alone: a unique index, or one by another name.
    pub fn is_unique(&self) -> bool {
        self.elements.iter().all(|element| element.is_equality)
    }

    /// What it compares, and for which rows, with the names of columns; `number` is that of the
    /// index.
    pub fn computed(&self, number: usize) -> String {
        let elements = self.elements.iter().enumerate();
        let mut columns: Vec<String> = elements
            .map(|(place, element)| format!("({}) AS e{number}_{place}", element.expression))
            .collect();
        if let Some(condition) = &self.condition {
            columns.push(format!("({condition}) AS w{number}"));
        }
        columns.join(", ")
    }

    /// What [`Index::computed`] names of what it compares.
    pub fn names(&self, number: usize) -> Vec<String> {
        let places = 0..self.elements.len();
        places.map(|place| format!("e{number}_{place}")).collect()
    }

    /// The hash of a key by a function, NULL for rows it does not hold for.
    pub fn hash(&self, function: &str) -> String {
        let elements = self.elements.iter();
        let elements: Vec<&str> = elements
            .map(|element| element.expression.as_str())
            .collect();
        let elements = elements.join(", ");
        let mut conditions = vec!["true".to_owned()];
        if !self.nulls_equal {
            conditions.push(format!("pg_catalog.num_nulls({elements}) = 0"));
        }
        conditions.extend(self.condition.clone());
        let hash = function.replace("{}", &format!("ROW({elements})"));
        format!("CASE WHEN {} THEN {hash} END", conditions.join(" AND "))
    }

    /// Whether a row that is there refuses the candidate whose columns [`Index::computed`] names,
    /// found by the index itself.
    pub fn refused_by_rows(&self, number: usize) -> String {
        let expressions = self.elements.iter();
        let expressions = expressions.map(|element| element.expression.clone());
        let expressions: Vec<String> = expressions.collect();
        let condition = self.condition.as_deref();
        self.refused_by(number, &self.relation, &expressions, condition)
    }

    /// The same for rows of a table that has columns of these names.
    pub fn refused_by_computed(&self, number: usize, table: &str) -> String {
        let names = self.names(number).into_iter();
        let names: Vec<String> = names.map(|name| format!("synth_there.{name}")).collect();
        let held = format!("synth_there.w{number}");
        let condition = self.condition.as_ref().map(|_| held.as_str());
        self.refused_by(number, table, &names, condition)
    }

    fn refused_by(
        &self,
        number: usize,
        relation: &str,
        theirs: &[String],
        condition: Option<&str>,
    ) -> String {
        let exists = |nulls_equal: bool| {
            let pairs = self.elements.iter().zip(theirs).enumerate();
            let compared = pairs.map(|(place, (element, theirs))| {
                let (collation, operator) = (&element.collation, &element.operator);
                let ours = format!("synth_new.e{number}_{place}");
                let compared = format!("({theirs}) {collation} {operator} {ours} {collation}");
                if nulls_equal {
                    format!("({compared} OR ({theirs}) IS NULL AND {ours} IS NULL)")
                } else {
                    compared
                }
            });
            let conditions: Vec<String> = compared.chain(condition.map(str::to_owned)).collect();
            let conditions = conditions.join(" AND ");
            format!("EXISTS (SELECT FROM {relation} synth_there WHERE {conditions})")
        };
        let exists = if self.nulls_equal {
            // An index finds no row by a condition with OR: only keys with NULLs need one.
            let places = 0..self.elements.len();
            let ours = places.map(|place| format!("synth_new.e{number}_{place}"));
            let ours: Vec<String> = ours.collect();
            format!(
                "CASE WHEN pg_catalog.num_nulls({}) = 0 THEN {} ELSE {} END",
                ours.join(", "),
                exists(false),
                exists(true)
            )
        } else {
            exists(false)
        };
        match self.condition {
            Some(_) => format!("synth_new.w{number} AND {exists}"),
            None => exists,
        }
    }

    /// The statement that makes the same index over a table that has the columns which
    /// [`Index::computed`] names.
    pub fn definition(&self, number: usize, table: &str) -> String {
        let with = |element: &Element| {
            if self.is_exclusion {
                format!(" WITH {}", element.operator)
            } else {
                String::new()
            }
        };
        let elements = self.elements.iter().enumerate();
        let elements: Vec<String> = elements
            .map(|(place, element)| {
                let (collation, class) = (&element.collation, &element.class);
                format!("e{number}_{place} {collation} {class}{}", with(element))
            })
            .collect();
        let elements = elements.join(", ");
        let condition = match self.condition {
            Some(_) => format!(" WHERE (w{number})"),
            None => String::new(),
        };
        let method = pgrx::spi::quote_identifier(&self.method);
        if self.is_exclusion {
            return format!(
                "ALTER TABLE {table} ADD EXCLUDE USING {method} ({elements}){condition}"
            );
        }
        let nulls = if self.nulls_equal {
            " NULLS NOT DISTINCT"
        } else {
            ""
        };
        format!("CREATE UNIQUE INDEX ON {table} USING {method} ({elements}){nulls}{condition}")
    }
}

/// What each of several indexes compares, as the columns of one row.
pub fn computed(indexes: &[Index]) -> String {
    let indexes = indexes.iter().enumerate();
    let columns: Vec<String> = indexes
        .map(|(number, index)| index.computed(number))
        .collect();
    columns.join(", ")
}

/// The columns that [`computed`] names, of a row `synth_new`.
pub fn computed_names(indexes: &[Index]) -> String {
    let numbered = indexes.iter().enumerate();
    let names = numbered.flat_map(|(number, index)| {
        let held = index.condition.as_ref().map(|_| format!("w{number}"));
        index.names(number).into_iter().chain(held)
    });
    let names: Vec<String> = names.map(|name| format!("synth_new.{name}")).collect();
    names.join(", ")
}

/// The rows that the indexes of a table itself hold, as the object of FROM: those of tables that
/// inherit from it are not among them.
pub fn relation(described: &Described) -> String {
    // SAFETY: a catalog look-up; the relation is locked.
    let kind = unsafe { pg_sys::get_rel_relkind(described.relid) }.cast_unsigned();
    if kind == pg_sys::RELKIND_PARTITIONED_TABLE {
        return described.qualified.clone();
    }
    format!("ONLY {}", described.qualified)
}

/// Conditions that rows which are there refuse a candidate, one an index; none where not every index
/// can be asked.
pub fn refused_by_rows(indexes: &[Index]) -> Option<Vec<String>> {
    if !indexes.iter().all(|index| index.answers) {
        return None;
    }
    let indexes = indexes.iter().enumerate();
    Some(
        indexes
            .map(|(number, index)| index.refused_by_rows(number))
            .collect(),
    )
}

/// The indexes of a table and of its partitions that a plan does not promise.
pub fn unproven(described: &Described, plan: &Plan) -> Vec<Index> {
    let names: Vec<String> = plan.unproven.iter().cloned().collect();
    query(
        "SELECT ic.relname::text, i.indrelid, am.amname::text, i.indisexclusion, i.indnullsnotdistinct,
                pg_get_expr(i.indpred, i.indrelid), pg_get_partition_constraintdef(i.indrelid),
                has_table_privilege(i.indrelid, 'SELECT') AND NOT row_security_active(i.indrelid)
                AND i.indisvalid AND NOT i.indnullsnotdistinct,
                k.expressions, k.collations, k.classes, k.operators, k.equalities,
                CASE WHEN c.relkind = 'p' THEN '' ELSE 'ONLY ' END
                || format('%s.%I', c.relnamespace::regnamespace, c.relname)
         FROM pg_index i
         JOIN pg_class c ON c.oid = i.indrelid
         JOIN pg_class ic ON ic.oid = i.indexrelid
         JOIN pg_am am ON am.oid = ic.relam
         LEFT JOIN pg_constraint x ON x.conrelid = i.indrelid AND x.conindid = i.indexrelid AND x.contype = 'x'
         CROSS JOIN LATERAL (
             SELECT array_agg(pg_get_indexdef(i.indexrelid, k.place::integer, false) ORDER BY k.place),
                    array_agg(CASE WHEN l.oid IS NULL THEN ''
                              ELSE format('COLLATE %s.%I', l.collnamespace::regnamespace, l.collname) END
                              ORDER BY k.place),
                    array_agg(format('%s.%I', o.opcnamespace::regnamespace, o.opcname) ORDER BY k.place),
                    array_agg(format('OPERATOR(%s.%s)', op.oprnamespace::regnamespace, op.oprname) ORDER BY k.place),
                    array_agg(op.oprname = '=' ORDER BY k.place)
             FROM unnest(i.indclass::oid[], i.indcollation::oid[]) WITH ORDINALITY k (class, collation_, place)
             JOIN pg_opclass o ON o.oid = k.class
             LEFT JOIN pg_collation l ON l.oid = k.collation_
             LEFT JOIN pg_amop a ON a.amopfamily = o.opcfamily AND a.amoplefttype = o.opcintype
                                AND a.amoprighttype = o.opcintype AND a.amopstrategy = 3 AND am.amname = 'btree'
             LEFT JOIN pg_operator op ON op.oid = coalesce(x.conexclop[k.place::integer], a.amopopr)
             WHERE k.place <= i.indnkeyatts
         ) k (expressions, collations, classes, operators, equalities)
         WHERE (i.indisunique OR i.indisexclusion) AND ic.relname = ANY ($2)
           AND i.indrelid = ANY (array(SELECT relid::oid FROM pg_partition_tree($1) UNION SELECT $1))
         ORDER BY 1",
        &[
            (pg_sys::OIDOID, described.relid.into_datum()),
            (pg_sys::TEXTARRAYOID, names.into_datum()),
        ],
        |row| {
            let conditions: Vec<String> = [row.get::<String>(6)?, row.get::<String>(7)?]
                .into_iter()
                .flatten()
                .map(|condition| format!("({condition})"))
                .collect();
            let mut texts = [9, 10, 11, 12].into_iter().map(|column| row.get::<Vec<String>>(column));
            let mut next = || texts.next().transpose().map(|texts| texts.flatten().unwrap_or_default());
            let (expressions, collations, classes, operators) = (next()?, next()?, next()?, next()?);
            let equalities = row.get::<Vec<bool>>(13)?.unwrap_or_default();
            let elements = expressions
                .into_iter()
                .zip(collations)
                .zip(classes.into_iter().zip(operators))
                .zip(equalities)
                .map(|(((expression, collation), (class, operator)), is_equality)| Element {
                    expression,
                    collation,
                    class,
                    operator,
                    is_equality,
                })
                .collect();
            Ok(Some(Index {
                name: row.get::<String>(1)?.unwrap_or_default(),
                relation: row.get::<String>(14)?.unwrap_or_default(),
                answers: row.get::<bool>(8)? == Some(true),
                method: row.get::<String>(3)?.unwrap_or_default(),
                is_exclusion: row.get::<bool>(4)? == Some(true),
                nulls_equal: row.get::<bool>(5)? == Some(true),
                elements,
                condition: (!conditions.is_empty()).then(|| conditions.join(" AND ")),
            }))
        },
    )
}
