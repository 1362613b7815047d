-- All types that a list of types is made of, as one JSON document an entry. OFFSET 0 has each type
-- looked up by its index: a catalog of many tables has many types.
WITH RECURSIVE parts (id) AS (
    SELECT unnest($1)
  UNION
    SELECT next.id
    FROM parts
    CROSS JOIN LATERAL (SELECT * FROM pg_type t WHERE t.oid = parts.id OFFSET 0) t
    LEFT JOIN pg_range r ON r.rngtypid = t.oid
    LEFT JOIN pg_range m ON m.rngmultitypid = t.oid
    CROSS JOIN LATERAL (
        SELECT t.typelem WHERE t.typelem <> 0 AND t.typsubscript = 'array_subscript_handler'::regproc
        UNION ALL SELECT t.typbasetype WHERE t.typbasetype <> 0
        UNION ALL SELECT r.rngsubtype WHERE r.rngsubtype IS NOT NULL
        UNION ALL SELECT m.rngsubtype WHERE m.rngsubtype IS NOT NULL
        UNION ALL SELECT a.atttypid FROM pg_attribute a
                  WHERE t.typtype = 'c' AND a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped
    ) next (id)
)
SELECT json_build_object(
    'id', t.oid::bigint,
    'schema', n.nspname,
    'name', t.typname,
    'kind', t.typtype,
    'category', t.typcategory,
    'element', CASE WHEN t.typsubscript = 'array_subscript_handler'::regproc THEN t.typelem::bigint ELSE 0 END,
    'base', t.typbasetype::bigint,
    'base_typmod', t.typtypmod,
    'not_null', t.typnotnull,
    'range_of', coalesce(r.rngsubtype, m.rngsubtype)::bigint,
    'labels', (SELECT coalesce(json_agg(e.enumlabel ORDER BY e.enumsortorder), '[]') FROM pg_enum e WHERE e.enumtypid = t.oid),
    'fields', (
        SELECT coalesce(json_agg(json_build_array(a.attname, a.atttypid::bigint, a.atttypmod) ORDER BY a.attnum), '[]')
        FROM pg_attribute a
        WHERE t.typtype = 'c' AND a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped
    ),
    'checks', (
        SELECT coalesce(json_agg(json_build_object(
            'name', k.conname,
            'text', pg_get_expr(k.conbin, 0),
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
        WHERE k.contypid = t.oid AND k.contype = 'c'
    )
)::text
FROM parts
CROSS JOIN LATERAL (SELECT * FROM pg_type t WHERE t.oid = parts.id OFFSET 0) t
JOIN pg_namespace n ON n.oid = t.typnamespace
LEFT JOIN pg_range r ON r.rngtypid = t.oid
LEFT JOIN pg_range m ON m.rngmultitypid = t.oid
