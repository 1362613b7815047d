-- What the catalogs say of a table, as one JSON document. Runs under search_path pg_catalog: every
-- name that Postgres prints for us is then qualified, unless it is in pg_catalog.
--
-- It must not read whole catalogs, or a schema takes time with the square of its tables: `tree` is an
-- array, since the planner takes a set-returning function for a thousand rows, and OFFSET 0 has each
-- row looked up by its index.
SELECT json_build_object(
    'schema', n.nspname,
    'name', c.relname,
    'kind', c.relkind,
    'columns', (
        SELECT coalesce(json_agg(json_build_object(
            'name', a.attname,
            'number', a.attnum,
            'type', format_type(a.atttypid, a.atttypmod),
            'type_id', a.atttypid::bigint,
            'typmod', a.atttypmod,
            'not_null', a.attnotnull,
            'identity', a.attidentity,
            'generated', a.attgenerated,
            'default', pg_get_expr(d.adbin, d.adrelid),
            'comment', col_description(c.oid, a.attnum)
        ) ORDER BY a.attnum), '[]')
        FROM pg_attribute a
        LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
        WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    ),
    'checks', (
        SELECT coalesce(json_agg(json_build_object(
            'name', k.conname,
            'text', pg_get_expr(k.conbin, k.conrelid),
            -- Of those that call functions of the user's.
            'tree', CASE WHEN f.bodies IS NOT NULL THEN k.conbin::text END,
            'bodies', coalesce(f.bodies, '[]')
        ) ORDER BY k.conname), '[]')
        FROM pg_constraint k
        CROSS JOIN LATERAL (
            SELECT json_agg(p.prosrc ORDER BY p.oid) AS bodies
            FROM pg_depend d
            CROSS JOIN LATERAL (SELECT * FROM pg_proc p WHERE p.oid = d.refobjid OFFSET 0) p
            WHERE d.classid = 'pg_constraint'::regclass AND d.objid = k.oid
              AND d.refclassid = 'pg_proc'::regclass
        ) f
        WHERE k.conrelid = c.oid AND k.contype = 'c'
    ),
    'uniques', (
        SELECT coalesce(json_agg(json_build_object(
            'name', i.name,
            'columns', i.columns,
            'plain', i.plain,
            'partial', i.partial,
            'nulls_equal', i.nulls_equal,
            'immediate', i.immediate
        ) ORDER BY i.is_primary DESC, i.name), '[]')
        FROM (
            -- An index of a partition that does not belong to one of the parent holds there alone.
            SELECT ic.relname AS name, i.indisprimary AS is_primary,
                   CASE WHEN i.indrelid = c.oid THEN (
                       SELECT coalesce(json_agg(k.number), '[]')
                       FROM (
                           SELECT k.number
                           FROM unnest(i.indkey::smallint[]) WITH ORDINALITY AS k (number, place)
                           WHERE k.place <= i.indnkeyatts AND k.number > 0
                           UNION
                           SELECT d.refobjsubid
                           FROM pg_depend d
                           WHERE d.classid = 'pg_class'::regclass AND d.objid = i.indexrelid
                             AND d.refclassid = 'pg_class'::regclass AND d.refobjid = c.oid
                             AND d.refobjsubid > 0 AND i.indexprs IS NOT NULL
                       ) k
                   ) ELSE '[]' END AS columns,
                   i.indrelid = c.oid AND i.indexprs IS NULL AND i.indpred IS NULL AS plain,
                   i.indrelid = c.oid AND i.indexprs IS NULL AND i.indpred IS NOT NULL AS partial,
                   i.indnullsnotdistinct AS nulls_equal,
                   i.indimmediate AS immediate
            FROM pg_index i
            CROSS JOIN LATERAL (SELECT * FROM pg_class ic WHERE ic.oid = i.indexrelid OFFSET 0) ic
            WHERE i.indrelid = ANY (tree.ids) AND i.indisunique
              AND (i.indrelid = c.oid OR NOT ic.relispartition)
        ) i
    ),
    'exclusions', (
        SELECT coalesce(json_agg(json_build_object(
            'name', k.conname,
            -- That of a partition holds there alone.
            'plain', i.indpred IS NULL AND k.conrelid = c.oid,
            'immediate', i.indimmediate,
            -- Those of expressions too.
            'columns', (
                SELECT coalesce(json_agg(u.number) FILTER (WHERE k.conrelid = c.oid), '[]')
                FROM (
                    SELECT number FROM unnest(k.conkey) AS u (number) WHERE number > 0
                    UNION
                    SELECT d.refobjsubid
                    FROM pg_depend d
                    WHERE d.classid = 'pg_class'::regclass AND d.objid = i.indexrelid
                      AND d.refclassid = 'pg_class'::regclass AND d.refobjid = k.conrelid
                      AND d.refobjsubid > 0
                ) u
            ),
            'elements', (
                SELECT json_agg(json_build_array(
                    CASE WHEN k.conrelid = c.oid THEN e.number ELSE 0 END, o.oprname, pg_get_indexdef(i.indexrelid, e.place::integer, false)
                ) ORDER BY e.place)
                FROM unnest(i.indkey::smallint[], k.conexclop) WITH ORDINALITY AS e (number, operator, place)
                CROSS JOIN LATERAL (SELECT * FROM pg_operator o WHERE o.oid = e.operator OFFSET 0) o
            )
        ) ORDER BY k.conname), '[]')
        FROM pg_constraint k
        CROSS JOIN LATERAL (SELECT * FROM pg_index i WHERE i.indexrelid = k.conindid OFFSET 0) i
        WHERE k.contype = 'x' AND k.conrelid = ANY (tree.ids)
    ),
    'references', (
        SELECT coalesce(json_agg(json_build_object(
            'name', k.conname,
            'columns', (
                SELECT json_agg(own.attnum ORDER BY f.place)
                FROM unnest(k.conkey) WITH ORDINALITY AS f (number, place)
                JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = f.number
                JOIN pg_attribute own ON own.attrelid = c.oid AND own.attname = a.attname
            ),
            'table_id', k.confrelid::bigint,
            'their_columns', (
                SELECT json_agg(a.attname ORDER BY f.place)
                FROM unnest(k.confkey) WITH ORDINALITY AS f (number, place)
                JOIN pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = f.number
            ),
            'their_numbers', k.confkey,
            'operators', (
                SELECT json_agg(format('OPERATOR(%I.%s)', on_.nspname, o.oprname) ORDER BY e.place)
                FROM unnest(k.conpfeqop) WITH ORDINALITY AS e (operator, place)
                CROSS JOIN LATERAL (SELECT * FROM pg_operator o WHERE o.oid = e.operator OFFSET 0) o
                JOIN pg_namespace on_ ON on_.oid = o.oprnamespace
            ),
            'deferrable', k.condeferrable,
            'match_full', k.confmatchtype = 'f'
        ) ORDER BY k.conname), '[]')
        FROM pg_constraint k
        WHERE k.contype = 'f' AND k.conrelid = ANY (tree.ids)
          -- What partitions refer to of their own binds the rows that land there.
          AND (k.conrelid = c.oid OR k.conparentid = 0)
          -- Of a key that refers to a partitioned table there is one entry a partition besides.
          AND k.conrelid IS DISTINCT FROM (SELECT p.conrelid FROM pg_constraint p WHERE p.oid = k.conparentid)
    ),
    'partitions', (
        SELECT coalesce(json_agg(json_build_object(
            'id', t.relid::oid::bigint,
            'parent', t.parentrelid::oid::bigint,
            'leaf', t.isleaf,
            'strategy', p.partstrat,
            'bound', pg_get_expr(pc.relpartbound, pc.oid),
            'constraint', pg_get_partition_constraintdef(t.relid),
            'checks', (
                -- Of its own or of partitions above it; those of the table itself are in 'checks'.
                SELECT coalesce(json_agg(pg_get_expr(k.conbin, k.conrelid) ORDER BY k.conname), '[]')
                FROM pg_constraint k
                WHERE k.conrelid = t.relid AND k.contype = 'c'
                  AND NOT EXISTS (
                      SELECT FROM pg_constraint own
                      WHERE own.conrelid = c.oid AND own.contype = 'c' AND own.conname = k.conname
                  )
            )
        ) ORDER BY t.level, t.relid::text), '[]')
        FROM pg_partition_tree(c.oid) t
        CROSS JOIN LATERAL (SELECT * FROM pg_class pc WHERE pc.oid = t.relid OFFSET 0) pc
        LEFT JOIN pg_partitioned_table p ON p.partrelid = t.relid
    ),
    'definitions', (
        SELECT coalesce(json_agg(pg_get_indexdef(i.indexrelid)), '[]')
        FROM pg_index i
        WHERE i.indrelid = c.oid AND i.indexprs IS NOT NULL
    ),
    'own_partition', CASE WHEN c.relispartition THEN pg_get_partition_constraintdef(c.oid) END
)::text
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
CROSS JOIN LATERAL (
    -- Of a table that is no partition and has none, the tree is empty.
    SELECT array(SELECT relid::oid FROM pg_partition_tree(c.oid) UNION SELECT c.oid) AS ids OFFSET 0
) tree
WHERE c.oid = $1
