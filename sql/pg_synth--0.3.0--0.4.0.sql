-- pg_synth 0.3.0 to 0.4.0. Written by hand and reviewed as code, but for the section that is generated
-- from the registry: every object and operator is schema-qualified, and each GRANT and REVOKE is
-- deliberate.
\echo Use "ALTER EXTENSION pg_synth UPDATE TO '0.4.0'" to load this file. \quit

--
-- Tables of domains: for each a row type and a function. PARALLEL RESTRICTED, as all generators of rows:
-- a scan of one in FROM is parallel all the same.
--

-- Tables generated from the registry: begin

CREATE TYPE @extschema@.synth_course AS (
    course_id bigint,
    code text,
    title text,
    department text,
    level smallint,
    credits smallint,
    instructor text
);
COMMENT ON TYPE @extschema@.synth_course IS 'a row of synth_courses; docs/reference.md describes each column';
CREATE FUNCTION @extschema@.synth_courses(
    students bigint,
    seed bigint DEFAULT NULL,
    start bigint DEFAULT 0,
    as_of date DEFAULT NULL
) RETURNS SETOF @extschema@.synth_course
    LANGUAGE c VOLATILE PARALLEL RESTRICTED COST 1000 ROWS 1000
    SUPPORT synth.rows_support
    AS 'MODULE_PATHNAME', 'synth_courses';
COMMENT ON FUNCTION @extschema@.synth_courses(bigint, bigint, bigint, date) IS 'Courses of a college: department, code, level, credits';

CREATE TYPE @extschema@.synth_student AS (
    student_id bigint,
    first_name text,
    last_name text,
    sex text,
    birth_date date,
    email text,
    phone text,
    street_address text,
    city text,
    state text,
    zip text,
    major text,
    planned_terms smallint,
    entered_on date,
    status text,
    left_on date
);
COMMENT ON TYPE @extschema@.synth_student IS 'a row of synth_students; docs/reference.md describes each column';
CREATE FUNCTION @extschema@.synth_students(
    rows bigint,
    seed bigint DEFAULT NULL,
    start bigint DEFAULT 0,
    as_of date DEFAULT NULL
) RETURNS SETOF @extschema@.synth_student
    LANGUAGE c VOLATILE PARALLEL RESTRICTED COST 1000 ROWS 1000
    SUPPORT synth.rows_support
    AS 'MODULE_PATHNAME', 'synth_students';
COMMENT ON FUNCTION @extschema@.synth_students(bigint, bigint, bigint, date) IS 'Students of a college: identity, major, status';

CREATE TYPE @extschema@.synth_enrolment AS (
    enrolment_id bigint,
    student_id bigint,
    course_id bigint,
    term text,
    term_number smallint,
    enrolled_on date,
    status text,
    withdrawn_on date
);
COMMENT ON TYPE @extschema@.synth_enrolment IS 'a row of synth_enrolments; docs/reference.md describes each column';
CREATE FUNCTION @extschema@.synth_enrolments(
    students bigint,
    seed bigint DEFAULT NULL,
    start bigint DEFAULT 0,
    as_of date DEFAULT NULL
) RETURNS SETOF @extschema@.synth_enrolment
    LANGUAGE c VOLATILE PARALLEL RESTRICTED COST 1000 ROWS 1000
    SUPPORT synth.rows_support
    AS 'MODULE_PATHNAME', 'synth_enrolments';
COMMENT ON FUNCTION @extschema@.synth_enrolments(bigint, bigint, bigint, date) IS 'Students in courses: term, status';

CREATE TYPE @extschema@.synth_grade AS (
    grade_id bigint,
    enrolment_id bigint,
    assessment text,
    weight numeric(18,2),
    score numeric(18,1),
    letter text,
    points numeric(18,1),
    graded_on date
);
COMMENT ON TYPE @extschema@.synth_grade IS 'a row of synth_grades; docs/reference.md describes each column';
CREATE FUNCTION @extschema@.synth_grades(
    students bigint,
    seed bigint DEFAULT NULL,
    start bigint DEFAULT 0,
    as_of date DEFAULT NULL
) RETURNS SETOF @extschema@.synth_grade
    LANGUAGE c VOLATILE PARALLEL RESTRICTED COST 1000 ROWS 1000
    SUPPORT synth.rows_support
    AS 'MODULE_PATHNAME', 'synth_grades';
COMMENT ON FUNCTION @extschema@.synth_grades(bigint, bigint, bigint, date) IS 'Scores of homework and exams, and the grade of each course';

CREATE TYPE @extschema@.synth_transcript AS (
    transcript_id bigint,
    student_id bigint,
    term text,
    term_number smallint,
    credits_attempted smallint,
    credits_earned smallint,
    term_gpa numeric(18,2),
    total_credits smallint,
    gpa numeric(18,2),
    standing text
);
COMMENT ON TYPE @extschema@.synth_transcript IS 'a row of synth_transcripts; docs/reference.md describes each column';
CREATE FUNCTION @extschema@.synth_transcripts(
    students bigint,
    seed bigint DEFAULT NULL,
    start bigint DEFAULT 0,
    as_of date DEFAULT NULL
) RETURNS SETOF @extschema@.synth_transcript
    LANGUAGE c VOLATILE PARALLEL RESTRICTED COST 1000 ROWS 1000
    SUPPORT synth.rows_support
    AS 'MODULE_PATHNAME', 'synth_transcripts';
COMMENT ON FUNCTION @extschema@.synth_transcripts(bigint, bigint, bigint, date) IS 'Credits and grade point averages of students by term';

CREATE TYPE @extschema@.synth_customer AS (
    customer_id bigint,
    first_name text,
    last_name text,
    sex text,
    birth_date date,
    tax_id text,
    email text,
    phone text,
    street_address text,
    city text,
    state text,
    zip text,
    employment text,
    occupation text,
    annual_income numeric(18,2),
    segment text,
    credit_score smallint,
    customer_since date
);
COMMENT ON TYPE @extschema@.synth_customer IS 'a row of synth_customers; docs/reference.md describes each column';
CREATE FUNCTION @extschema@.synth_customers(
    rows bigint,
    seed bigint DEFAULT NULL,
    start bigint DEFAULT 0,
    as_of date DEFAULT NULL
) RETURNS SETOF @extschema@.synth_customer
    LANGUAGE c VOLATILE PARALLEL RESTRICTED COST 1000 ROWS 1000
    SUPPORT synth.rows_support
    AS 'MODULE_PATHNAME', 'synth_customers';
COMMENT ON FUNCTION @extschema@.synth_customers(bigint, bigint, bigint, date) IS 'Customers of a bank: name, address, income, credit score';

CREATE TYPE @extschema@.synth_account AS (
    account_id bigint,
    customer_id bigint,
    account_type text,
    routing_number text,
    account_number text,
    iban text,
    currency text,
    status text,
    opened_on date,
    closed_on date,
    credit_limit numeric(18,2),
    interest_rate numeric(18,4),
    opening_balance numeric(18,2),
    balance numeric(18,2)
);
COMMENT ON TYPE @extschema@.synth_account IS 'a row of synth_accounts; docs/reference.md describes each column';
CREATE FUNCTION @extschema@.synth_accounts(
    customers bigint,
    seed bigint DEFAULT NULL,
    start bigint DEFAULT 0,
    as_of date DEFAULT NULL,
    fraud_rate double precision DEFAULT 0.03
) RETURNS SETOF @extschema@.synth_account
    LANGUAGE c VOLATILE PARALLEL RESTRICTED COST 1000 ROWS 1000
    SUPPORT synth.rows_support
    AS 'MODULE_PATHNAME', 'synth_accounts';
COMMENT ON FUNCTION @extschema@.synth_accounts(bigint, bigint, bigint, date, double precision) IS 'Accounts of a bank''s customers, with balances that agree with the transactions';

CREATE TYPE @extschema@.synth_card AS (
    card_id bigint,
    account_id bigint,
    customer_id bigint,
    card_number text,
    network text,
    card_type text,
    status text,
    issued_on date,
    expires_on date,
    blocked_on date
);
COMMENT ON TYPE @extschema@.synth_card IS 'a row of synth_cards; docs/reference.md describes each column';
CREATE FUNCTION @extschema@.synth_cards(
    customers bigint,
    seed bigint DEFAULT NULL,
    start bigint DEFAULT 0,
    as_of date DEFAULT NULL,
    fraud_rate double precision DEFAULT 0.03
) RETURNS SETOF @extschema@.synth_card
    LANGUAGE c VOLATILE PARALLEL RESTRICTED COST 1000 ROWS 1000
    SUPPORT synth.rows_support
    AS 'MODULE_PATHNAME', 'synth_cards';
COMMENT ON FUNCTION @extschema@.synth_cards(bigint, bigint, bigint, date, double precision) IS 'Debit and credit cards under test numbers, linked to accounts';

CREATE TYPE @extschema@.synth_merchant AS (
    merchant_id bigint,
    name text,
    mcc text,
    category text,
    is_online boolean,
    city text,
    state text,
    country text,
    latitude double precision,
    longitude double precision
);
COMMENT ON TYPE @extschema@.synth_merchant IS 'a row of synth_merchants; docs/reference.md describes each column';
CREATE FUNCTION @extschema@.synth_merchants(
    customers bigint,
    seed bigint DEFAULT NULL,
    start bigint DEFAULT 0,
    as_of date DEFAULT NULL
) RETURNS SETOF @extschema@.synth_merchant
    LANGUAGE c VOLATILE PARALLEL RESTRICTED COST 1000 ROWS 1000
    SUPPORT synth.rows_support
    AS 'MODULE_PATHNAME', 'synth_merchants';
COMMENT ON FUNCTION @extschema@.synth_merchants(bigint, bigint, bigint, date) IS 'Merchants at which a bank''s customers buy: category, place';

CREATE TYPE @extschema@.synth_fraud_episode AS (
    fraud_episode_id bigint,
    customer_id bigint,
    account_id bigint,
    card_id bigint,
    pattern text,
    started_at timestamp with time zone,
    contact_changed_at timestamp with time zone,
    detected_at timestamp with time zone,
    transactions integer,
    declined integer,
    amount numeric(18,2),
    refunded_on date
);
COMMENT ON TYPE @extschema@.synth_fraud_episode IS 'a row of synth_fraud_episodes; docs/reference.md describes each column';
CREATE FUNCTION @extschema@.synth_fraud_episodes(
    customers bigint,
    seed bigint DEFAULT NULL,
    start bigint DEFAULT 0,
    as_of date DEFAULT NULL,
    fraud_rate double precision DEFAULT 0.03
) RETURNS SETOF @extschema@.synth_fraud_episode
    LANGUAGE c VOLATILE PARALLEL RESTRICTED COST 1000 ROWS 1000
    SUPPORT synth.rows_support
    AS 'MODULE_PATHNAME', 'synth_fraud_episodes';
COMMENT ON FUNCTION @extschema@.synth_fraud_episodes(bigint, bigint, bigint, date, double precision) IS 'Episodes of fraud on a bank''s accounts, by pattern: the labels of transactions';

CREATE TYPE @extschema@.synth_transaction AS (
    transaction_id bigint,
    account_id bigint,
    card_id bigint,
    merchant_id bigint,
    counter_account_id bigint,
    transaction_type text,
    channel text,
    amount numeric(18,2),
    balance_after numeric(18,2),
    authorised_at timestamp with time zone,
    posted_at timestamp with time zone,
    status text,
    decline_reason text,
    counterparty text,
    city text,
    country text,
    is_fraud boolean,
    fraud_episode_id bigint
);
COMMENT ON TYPE @extschema@.synth_transaction IS 'a row of synth_transactions; docs/reference.md describes each column';
CREATE FUNCTION @extschema@.synth_transactions(
    customers bigint,
    seed bigint DEFAULT NULL,
    start bigint DEFAULT 0,
    as_of date DEFAULT NULL,
    fraud_rate double precision DEFAULT 0.03
) RETURNS SETOF @extschema@.synth_transaction
    LANGUAGE c VOLATILE PARALLEL RESTRICTED COST 1000 ROWS 1000
    SUPPORT synth.rows_support
    AS 'MODULE_PATHNAME', 'synth_transactions';
COMMENT ON FUNCTION @extschema@.synth_transactions(bigint, bigint, bigint, date, double precision) IS 'Two years of transactions on a bank''s accounts, with running balances and labelled fraud';

CREATE TYPE @extschema@.synth_loan AS (
    loan_id bigint,
    customer_id bigint,
    loan_type text,
    principal numeric(18,2),
    interest_rate numeric(18,4),
    term_months smallint,
    monthly_payment numeric(18,2),
    originated_on date,
    first_due_on date,
    matures_on date,
    outstanding_principal numeric(18,2),
    status text
);
COMMENT ON TYPE @extschema@.synth_loan IS 'a row of synth_loans; docs/reference.md describes each column';
CREATE FUNCTION @extschema@.synth_loans(
    customers bigint,
    seed bigint DEFAULT NULL,
    start bigint DEFAULT 0,
    as_of date DEFAULT NULL
) RETURNS SETOF @extschema@.synth_loan
    LANGUAGE c VOLATILE PARALLEL RESTRICTED COST 1000 ROWS 1000
    SUPPORT synth.rows_support
    AS 'MODULE_PATHNAME', 'synth_loans';
COMMENT ON FUNCTION @extschema@.synth_loans(bigint, bigint, bigint, date) IS 'Loans of a bank''s customers: principal, rate by score and year, delinquency';

CREATE TYPE @extschema@.synth_loan_payment AS (
    loan_payment_id bigint,
    loan_id bigint,
    number smallint,
    due_on date,
    paid_on date,
    scheduled_payment numeric(18,2),
    principal numeric(18,2),
    interest numeric(18,2),
    remaining_balance numeric(18,2),
    days_past_due integer,
    status text,
    delinquency text
);
COMMENT ON TYPE @extschema@.synth_loan_payment IS 'a row of synth_loan_payments; docs/reference.md describes each column';
CREATE FUNCTION @extschema@.synth_loan_payments(
    customers bigint,
    seed bigint DEFAULT NULL,
    start bigint DEFAULT 0,
    as_of date DEFAULT NULL
) RETURNS SETOF @extschema@.synth_loan_payment
    LANGUAGE c VOLATILE PARALLEL RESTRICTED COST 1000 ROWS 1000
    SUPPORT synth.rows_support
    AS 'MODULE_PATHNAME', 'synth_loan_payments';
COMMENT ON FUNCTION @extschema@.synth_loan_payments(bigint, bigint, bigint, date) IS 'Payments that have fallen due on loans: amortisation, dates, delinquency';

CREATE TYPE @extschema@.synth_credit_score AS (
    credit_score_id bigint,
    customer_id bigint,
    scored_on date,
    score smallint,
    rating text
);
COMMENT ON TYPE @extschema@.synth_credit_score IS 'a row of synth_credit_scores; docs/reference.md describes each column';
CREATE FUNCTION @extschema@.synth_credit_scores(
    customers bigint,
    seed bigint DEFAULT NULL,
    start bigint DEFAULT 0,
    as_of date DEFAULT NULL
) RETURNS SETOF @extschema@.synth_credit_score
    LANGUAGE c VOLATILE PARALLEL RESTRICTED COST 1000 ROWS 1000
    SUPPORT synth.rows_support
    AS 'MODULE_PATHNAME', 'synth_credit_scores';
COMMENT ON FUNCTION @extschema@.synth_credit_scores(bigint, bigint, bigint, date) IS 'Quarterly credit scores of a bank''s customers, which fall when payments fail';

CREATE TYPE @extschema@.synth_security AS (
    security_id bigint,
    symbol text,
    name text,
    isin text,
    security_type text,
    sector text,
    currency text,
    exchange_mic text,
    listed_on date,
    shares_outstanding bigint,
    coupon_percent numeric(18,4)
);
COMMENT ON TYPE @extschema@.synth_security IS 'a row of synth_securities; docs/reference.md describes each column';
CREATE FUNCTION @extschema@.synth_securities(
    rows bigint,
    seed bigint DEFAULT NULL,
    start bigint DEFAULT 0,
    as_of date DEFAULT NULL
) RETURNS SETOF @extschema@.synth_security
    LANGUAGE c VOLATILE PARALLEL RESTRICTED COST 1000 ROWS 1000
    SUPPORT synth.rows_support
    AS 'MODULE_PATHNAME', 'synth_securities';
COMMENT ON FUNCTION @extschema@.synth_securities(bigint, bigint, bigint, date) IS 'Stocks, funds and bonds that customers trade; 64 for each 1,024 customers';

CREATE TYPE @extschema@.synth_market_bar AS (
    security_id bigint,
    traded_on date,
    open numeric(18,2),
    high numeric(18,2),
    low numeric(18,2),
    close numeric(18,2),
    volume bigint
);
COMMENT ON TYPE @extschema@.synth_market_bar IS 'a row of synth_market_bars; docs/reference.md describes each column';
CREATE FUNCTION @extschema@.synth_market_bars(
    securities bigint,
    seed bigint DEFAULT NULL,
    start bigint DEFAULT 0,
    as_of date DEFAULT NULL
) RETURNS SETOF @extschema@.synth_market_bar
    LANGUAGE c VOLATILE PARALLEL RESTRICTED COST 1000 ROWS 1000
    SUPPORT synth.rows_support
    AS 'MODULE_PATHNAME', 'synth_market_bars';
COMMENT ON FUNCTION @extschema@.synth_market_bars(bigint, bigint, bigint, date) IS 'Daily prices and volumes of securities over the last 504 trading days';

CREATE TYPE @extschema@.synth_market_order AS (
    order_id bigint,
    customer_id bigint,
    security_id bigint,
    side text,
    order_type text,
    time_in_force text,
    quantity bigint,
    limit_price numeric(18,2),
    stop_price numeric(18,2),
    placed_at timestamp with time zone,
    closed_at timestamp with time zone,
    status text,
    filled_quantity bigint,
    rejection_reason text
);
COMMENT ON TYPE @extschema@.synth_market_order IS 'a row of synth_market_orders; docs/reference.md describes each column';
CREATE FUNCTION @extschema@.synth_market_orders(
    customers bigint,
    seed bigint DEFAULT NULL,
    start bigint DEFAULT 0,
    as_of date DEFAULT NULL
) RETURNS SETOF @extschema@.synth_market_order
    LANGUAGE c VOLATILE PARALLEL RESTRICTED COST 1000 ROWS 1000
    SUPPORT synth.rows_support
    AS 'MODULE_PATHNAME', 'synth_market_orders';
COMMENT ON FUNCTION @extschema@.synth_market_orders(bigint, bigint, bigint, date) IS 'Orders of customers to buy and sell securities, and what became of them';

CREATE TYPE @extschema@.synth_trade AS (
    trade_id bigint,
    order_id bigint,
    customer_id bigint,
    security_id bigint,
    traded_on date,
    side text,
    quantity bigint,
    price numeric(18,2),
    gross_amount numeric(18,2),
    commission numeric(18,2),
    net_amount numeric(18,2),
    executed_at timestamp with time zone,
    settles_on date
);
COMMENT ON TYPE @extschema@.synth_trade IS 'a row of synth_trades; docs/reference.md describes each column';
CREATE FUNCTION @extschema@.synth_trades(
    customers bigint,
    seed bigint DEFAULT NULL,
    start bigint DEFAULT 0,
    as_of date DEFAULT NULL
) RETURNS SETOF @extschema@.synth_trade
    LANGUAGE c VOLATILE PARALLEL RESTRICTED COST 1000 ROWS 1000
    SUPPORT synth.rows_support
    AS 'MODULE_PATHNAME', 'synth_trades';
COMMENT ON FUNCTION @extschema@.synth_trades(bigint, bigint, bigint, date) IS 'Executions of customers'' orders, with amounts and settlement';

CREATE TYPE @extschema@.synth_capital_position AS (
    capital_position_id bigint,
    bank_id bigint,
    reported_on date,
    common_equity_tier1 numeric(18,2),
    additional_tier1 numeric(18,2),
    tier2 numeric(18,2),
    risk_weighted_assets numeric(18,2),
    cet1_ratio numeric(18,6),
    tier1_ratio numeric(18,6),
    total_capital_ratio numeric(18,6),
    high_quality_liquid_assets numeric(18,2),
    net_cash_outflows numeric(18,2),
    liquidity_coverage_ratio numeric(18,6)
);
COMMENT ON TYPE @extschema@.synth_capital_position IS 'a row of synth_capital_positions; docs/reference.md describes each column';
CREATE FUNCTION @extschema@.synth_capital_positions(
    customers bigint,
    seed bigint DEFAULT NULL,
    start bigint DEFAULT 0,
    as_of date DEFAULT NULL
) RETURNS SETOF @extschema@.synth_capital_position
    LANGUAGE c VOLATILE PARALLEL RESTRICTED COST 1000 ROWS 1000
    SUPPORT synth.rows_support
    AS 'MODULE_PATHNAME', 'synth_capital_positions';
COMMENT ON FUNCTION @extschema@.synth_capital_positions(bigint, bigint, bigint, date) IS 'Regulatory capital, capital ratios and liquidity coverage; four quarters for each 1,024 customers';

CREATE TYPE @extschema@.synth_exposure AS (
    exposure_id bigint,
    capital_position_id bigint,
    reported_on date,
    counterparty text,
    asset_class text,
    risk_bucket text,
    external_rating text,
    loan_to_value numeric(18,4),
    drawn_amount numeric(18,2),
    undrawn_amount numeric(18,2),
    facility text,
    credit_conversion_factor numeric(18,4),
    exposure_at_default numeric(18,2),
    risk_weight numeric(18,4),
    risk_weighted_assets numeric(18,2),
    paragraph text
);
COMMENT ON TYPE @extschema@.synth_exposure IS 'a row of synth_exposures; docs/reference.md describes each column';
CREATE FUNCTION @extschema@.synth_exposures(
    customers bigint,
    seed bigint DEFAULT NULL,
    start bigint DEFAULT 0,
    as_of date DEFAULT NULL
) RETURNS SETOF @extschema@.synth_exposure
    LANGUAGE c VOLATILE PARALLEL RESTRICTED COST 1000 ROWS 1000
    SUPPORT synth.rows_support
    AS 'MODULE_PATHNAME', 'synth_exposures';
COMMENT ON FUNCTION @extschema@.synth_exposures(bigint, bigint, bigint, date) IS 'Credit exposures by Basel III''s standardised approach; 96 a quarter for each 1,024 customers';

CREATE TYPE @extschema@.synth_liquidity_position AS (
    liquidity_position_id bigint,
    capital_position_id bigint,
    reported_on date,
    section text,
    hqla_level text,
    item text,
    amount numeric(18,2),
    factor numeric(18,4),
    weighted_amount numeric(18,2),
    paragraph text
);
COMMENT ON TYPE @extschema@.synth_liquidity_position IS 'a row of synth_liquidity_positions; docs/reference.md describes each column';
CREATE FUNCTION @extschema@.synth_liquidity_positions(
    customers bigint,
    seed bigint DEFAULT NULL,
    start bigint DEFAULT 0,
    as_of date DEFAULT NULL
) RETURNS SETOF @extschema@.synth_liquidity_position
    LANGUAGE c VOLATILE PARALLEL RESTRICTED COST 1000 ROWS 1000
    SUPPORT synth.rows_support
    AS 'MODULE_PATHNAME', 'synth_liquidity_positions';
COMMENT ON FUNCTION @extschema@.synth_liquidity_positions(bigint, bigint, bigint, date) IS 'Liquid assets, outflows and inflows of the liquidity coverage ratio; for each 1,024 customers';

CREATE TYPE @extschema@.synth_organization AS (
    organization_id uuid,
    name text,
    type text,
    beds integer,
    street_address text,
    city text,
    state text,
    zip text,
    phone text
);
COMMENT ON TYPE @extschema@.synth_organization IS 'a row of synth_organizations; docs/reference.md describes each column';
CREATE FUNCTION @extschema@.synth_organizations(
    patients bigint,
    seed bigint DEFAULT NULL,
    start bigint DEFAULT 0,
    as_of date DEFAULT NULL
) RETURNS SETOF @extschema@.synth_organization
    LANGUAGE c VOLATILE PARALLEL RESTRICTED COST 1000 ROWS 1000
    SUPPORT synth.rows_support
    AS 'MODULE_PATHNAME', 'synth_organizations';
COMMENT ON FUNCTION @extschema@.synth_organizations(bigint, bigint, bigint, date) IS 'Hospitals and clinics: 128 with each first patient of 4,096, in every state';

CREATE TYPE @extschema@.synth_provider AS (
    provider_id uuid,
    npi text,
    organization_id uuid,
    first_name text,
    last_name text,
    sex text,
    credential text,
    specialty text,
    state text,
    email text
);
COMMENT ON TYPE @extschema@.synth_provider IS 'a row of synth_providers; docs/reference.md describes each column';
CREATE FUNCTION @extschema@.synth_providers(
    patients bigint,
    seed bigint DEFAULT NULL,
    start bigint DEFAULT 0,
    as_of date DEFAULT NULL
) RETURNS SETOF @extschema@.synth_provider
    LANGUAGE c VOLATILE PARALLEL RESTRICTED COST 1000 ROWS 1000
    SUPPORT synth.rows_support
    AS 'MODULE_PATHNAME', 'synth_providers';
COMMENT ON FUNCTION @extschema@.synth_providers(bigint, bigint, bigint, date) IS 'Clinicians: 256 with each first patient of 4,096, in every state';

CREATE TYPE @extschema@.synth_encounter AS (
    encounter_id uuid,
    patient_id uuid,
    provider_id uuid,
    organization_id uuid,
    encounter_type text,
    admitted_at timestamp with time zone,
    discharged_at timestamp with time zone,
    length_of_stay integer,
    icd10_code text,
    reason text,
    discharge_disposition text,
    total_charge numeric(18,2)
);
COMMENT ON TYPE @extschema@.synth_encounter IS 'a row of synth_encounters; docs/reference.md describes each column';
CREATE FUNCTION @extschema@.synth_encounters(
    patients bigint,
    seed bigint DEFAULT NULL,
    start bigint DEFAULT 0,
    as_of date DEFAULT NULL
) RETURNS SETOF @extschema@.synth_encounter
    LANGUAGE c VOLATILE PARALLEL RESTRICTED COST 1000 ROWS 1000
    SUPPORT synth.rows_support
    AS 'MODULE_PATHNAME', 'synth_encounters';
COMMENT ON FUNCTION @extschema@.synth_encounters(bigint, bigint, bigint, date) IS 'Visits and stays of patients: when, where, by whom, why, and at what charge';

CREATE TYPE @extschema@.synth_condition AS (
    condition_id uuid,
    patient_id uuid,
    encounter_id uuid,
    icd10_code text,
    description text,
    category text,
    status text,
    onset_date date,
    abatement_date date
);
COMMENT ON TYPE @extschema@.synth_condition IS 'a row of synth_conditions; docs/reference.md describes each column';
CREATE FUNCTION @extschema@.synth_conditions(
    patients bigint,
    seed bigint DEFAULT NULL,
    start bigint DEFAULT 0,
    as_of date DEFAULT NULL
) RETURNS SETOF @extschema@.synth_condition
    LANGUAGE c VOLATILE PARALLEL RESTRICTED COST 1000 ROWS 1000
    SUPPORT synth.rows_support
    AS 'MODULE_PATHNAME', 'synth_conditions';
COMMENT ON FUNCTION @extschema@.synth_conditions(bigint, bigint, bigint, date) IS 'Diagnoses of patients (ICD-10-CM), by age, sex, risk factors and what else they have';

CREATE TYPE @extschema@.synth_procedure AS (
    procedure_id uuid,
    patient_id uuid,
    encounter_id uuid,
    provider_id uuid,
    code text,
    code_system text,
    description text,
    performed_at timestamp with time zone,
    charge numeric(18,2)
);
COMMENT ON TYPE @extschema@.synth_procedure IS 'a row of synth_procedures; docs/reference.md describes each column';
CREATE FUNCTION @extschema@.synth_procedures(
    patients bigint,
    seed bigint DEFAULT NULL,
    start bigint DEFAULT 0,
    as_of date DEFAULT NULL
) RETURNS SETOF @extschema@.synth_procedure
    LANGUAGE c VOLATILE PARALLEL RESTRICTED COST 1000 ROWS 1000
    SUPPORT synth.rows_support
    AS 'MODULE_PATHNAME', 'synth_procedures';
COMMENT ON FUNCTION @extschema@.synth_procedures(bigint, bigint, bigint, date) IS 'What was done in encounters: HCPCS Level II and ICD-10-PCS, with charges';

CREATE TYPE @extschema@.synth_claim AS (
    claim_id uuid,
    encounter_id uuid,
    patient_id uuid,
    provider_id uuid,
    insurance_type text,
    payer text,
    claim_type text,
    icd10_code text,
    service_date date,
    submitted_date date,
    adjudicated_date date,
    status text,
    denial_reason text,
    billed_amount numeric(18,2),
    allowed_amount numeric(18,2),
    adjustment_amount numeric(18,2),
    paid_amount numeric(18,2),
    patient_responsibility numeric(18,2)
);
COMMENT ON TYPE @extschema@.synth_claim IS 'a row of synth_claims; docs/reference.md describes each column';
CREATE FUNCTION @extschema@.synth_claims(
    patients bigint,
    seed bigint DEFAULT NULL,
    start bigint DEFAULT 0,
    as_of date DEFAULT NULL
) RETURNS SETOF @extschema@.synth_claim
    LANGUAGE c VOLATILE PARALLEL RESTRICTED COST 1000 ROWS 1000
    SUPPORT synth.rows_support
    AS 'MODULE_PATHNAME', 'synth_claims';
COMMENT ON FUNCTION @extschema@.synth_claims(bigint, bigint, bigint, date) IS 'Claims to insurers for encounters: billed, allowed and paid amounts, status, denials';

CREATE TYPE @extschema@.synth_immunization AS (
    immunization_id uuid,
    patient_id uuid,
    cvx_code text,
    vaccine text,
    dose_number smallint,
    lot_number text,
    manufacturer_code text,
    expiration_date date,
    route text,
    site text,
    given_at timestamp with time zone
);
COMMENT ON TYPE @extschema@.synth_immunization IS 'a row of synth_immunizations; docs/reference.md describes each column';
CREATE FUNCTION @extschema@.synth_immunizations(
    patients bigint,
    seed bigint DEFAULT NULL,
    start bigint DEFAULT 0,
    as_of date DEFAULT NULL
) RETURNS SETOF @extschema@.synth_immunization
    LANGUAGE c VOLATILE PARALLEL RESTRICTED COST 1000 ROWS 1000
    SUPPORT synth.rows_support
    AS 'MODULE_PATHNAME', 'synth_immunizations';
COMMENT ON FUNCTION @extschema@.synth_immunizations(bigint, bigint, bigint, date) IS 'Vaccine doses of patients by the CDC''s schedule: CVX code, dose number, lot, day';

CREATE TYPE @extschema@.synth_allergy AS (
    allergy_id uuid,
    patient_id uuid,
    allergen text,
    category text,
    allergy_type text,
    reaction text,
    severity text,
    criticality text,
    clinical_status text,
    onset_date date
);
COMMENT ON TYPE @extschema@.synth_allergy IS 'a row of synth_allergies; docs/reference.md describes each column';
CREATE FUNCTION @extschema@.synth_allergies(
    patients bigint,
    seed bigint DEFAULT NULL,
    start bigint DEFAULT 0,
    as_of date DEFAULT NULL
) RETURNS SETOF @extschema@.synth_allergy
    LANGUAGE c VOLATILE PARALLEL RESTRICTED COST 1000 ROWS 1000
    SUPPORT synth.rows_support
    AS 'MODULE_PATHNAME', 'synth_allergies';
COMMENT ON FUNCTION @extschema@.synth_allergies(bigint, bigint, bigint, date) IS 'Allergies and intolerances of patients: allergen, reaction, severity, criticality, onset';

CREATE TYPE @extschema@.synth_observation AS (
    observation_id uuid,
    patient_id uuid,
    encounter_id uuid,
    category text,
    loinc_code text,
    loinc_name text,
    value double precision,
    unit text,
    reference_low double precision,
    reference_high double precision,
    abnormal_flag text,
    observed_at timestamp with time zone
);
COMMENT ON TYPE @extschema@.synth_observation IS 'a row of synth_observations; docs/reference.md describes each column';
CREATE FUNCTION @extschema@.synth_observations(
    patients bigint,
    seed bigint DEFAULT NULL,
    start bigint DEFAULT 0,
    as_of date DEFAULT NULL
) RETURNS SETOF @extschema@.synth_observation
    LANGUAGE c VOLATILE PARALLEL RESTRICTED COST 1000 ROWS 1000
    SUPPORT synth.rows_support
    AS 'MODULE_PATHNAME', 'synth_observations';
COMMENT ON FUNCTION @extschema@.synth_observations(bigint, bigint, bigint, date) IS 'Vital signs and laboratory results of patients: LOINC code, value, unit, range, flag';

CREATE TYPE @extschema@.synth_medication AS (
    medication_id uuid,
    patient_id uuid,
    encounter_id uuid,
    prescriber_id uuid,
    condition_id uuid,
    reason_code text,
    ndc text,
    generic_name text,
    brand_name text,
    drug_class text,
    strength text,
    form text,
    route text,
    frequency text,
    quantity integer,
    days_supply smallint,
    refills smallint,
    status text,
    started_on date,
    stopped_on date
);
COMMENT ON TYPE @extschema@.synth_medication IS 'a row of synth_medications; docs/reference.md describes each column';
CREATE FUNCTION @extschema@.synth_medications(
    patients bigint,
    seed bigint DEFAULT NULL,
    start bigint DEFAULT 0,
    as_of date DEFAULT NULL
) RETURNS SETOF @extschema@.synth_medication
    LANGUAGE c VOLATILE PARALLEL RESTRICTED COST 1000 ROWS 1000
    SUPPORT synth.rows_support
    AS 'MODULE_PATHNAME', 'synth_medications';
COMMENT ON FUNCTION @extschema@.synth_medications(bigint, bigint, bigint, date) IS 'Drugs prescribed to patients: product, dose, frequency, refills, from when until when and why';

CREATE TYPE @extschema@.synth_trial AS (
    trial_id uuid,
    registry_number text,
    title text,
    phase smallint,
    condition text,
    drug text,
    sponsor text,
    masking text,
    status text,
    planned_enrolment integer,
    minimum_age smallint,
    maximum_age smallint,
    sex text,
    treatment_weeks smallint,
    started_on date,
    recruited_until date,
    completed_on date
);
COMMENT ON TYPE @extschema@.synth_trial IS 'a row of synth_trials; docs/reference.md describes each column';
CREATE FUNCTION @extschema@.synth_trials(
    patients bigint,
    seed bigint DEFAULT NULL,
    start bigint DEFAULT 0,
    as_of date DEFAULT NULL
) RETURNS SETOF @extschema@.synth_trial
    LANGUAGE c VOLATILE PARALLEL RESTRICTED COST 1000 ROWS 1000
    SUPPORT synth.rows_support
    AS 'MODULE_PATHNAME', 'synth_trials';
COMMENT ON FUNCTION @extschema@.synth_trials(bigint, bigint, bigint, date) IS 'Clinical trials: disease, phase, design, dates, status';

CREATE TYPE @extschema@.synth_trial_arm AS (
    arm_id uuid,
    trial_id uuid,
    arm_number smallint,
    name text,
    kind text,
    dose_mg integer,
    frequency text,
    route text,
    allocation smallint
);
COMMENT ON TYPE @extschema@.synth_trial_arm IS 'a row of synth_trial_arms; docs/reference.md describes each column';
CREATE FUNCTION @extschema@.synth_trial_arms(
    patients bigint,
    seed bigint DEFAULT NULL,
    start bigint DEFAULT 0,
    as_of date DEFAULT NULL
) RETURNS SETOF @extschema@.synth_trial_arm
    LANGUAGE c VOLATILE PARALLEL RESTRICTED COST 1000 ROWS 1000
    SUPPORT synth.rows_support
    AS 'MODULE_PATHNAME', 'synth_trial_arms';
COMMENT ON FUNCTION @extschema@.synth_trial_arms(bigint, bigint, bigint, date) IS 'Arms of clinical trials: treatment, dose, allocation';

CREATE TYPE @extschema@.synth_trial_participant AS (
    participant_id uuid,
    trial_id uuid,
    patient_id uuid,
    arm_id uuid,
    subject_number text,
    consented_on date,
    randomised_on date,
    treated_until date,
    status text,
    left_on date,
    withdrawal_reason text
);
COMMENT ON TYPE @extschema@.synth_trial_participant IS 'a row of synth_trial_participants; docs/reference.md describes each column';
CREATE FUNCTION @extschema@.synth_trial_participants(
    patients bigint,
    seed bigint DEFAULT NULL,
    start bigint DEFAULT 0,
    as_of date DEFAULT NULL
) RETURNS SETOF @extschema@.synth_trial_participant
    LANGUAGE c VOLATILE PARALLEL RESTRICTED COST 1000 ROWS 1000
    SUPPORT synth.rows_support
    AS 'MODULE_PATHNAME', 'synth_trial_participants';
COMMENT ON FUNCTION @extschema@.synth_trial_participants(bigint, bigint, bigint, date) IS 'Patients in clinical trials: arm, consent, randomisation, status';

CREATE TYPE @extschema@.synth_trial_visit AS (
    visit_id uuid,
    participant_id uuid,
    visit_number smallint,
    visit text,
    due_on date,
    window_days smallint,
    took_place_on date,
    study_day smallint,
    status text,
    systolic_mmhg numeric(18,0),
    diastolic_mmhg numeric(18,0),
    pulse numeric(18,0),
    temperature_c numeric(18,1),
    weight_kg numeric(18,1),
    alt_u_l numeric(18,0),
    creatinine_mg_dl numeric(18,2),
    glucose_mg_dl numeric(18,0),
    hba1c_percent numeric(18,1),
    hemoglobin_g_dl numeric(18,1)
);
COMMENT ON TYPE @extschema@.synth_trial_visit IS 'a row of synth_trial_visits; docs/reference.md describes each column';
CREATE FUNCTION @extschema@.synth_trial_visits(
    patients bigint,
    seed bigint DEFAULT NULL,
    start bigint DEFAULT 0,
    as_of date DEFAULT NULL
) RETURNS SETOF @extschema@.synth_trial_visit
    LANGUAGE c VOLATILE PARALLEL RESTRICTED COST 1000 ROWS 1000
    SUPPORT synth.rows_support
    AS 'MODULE_PATHNAME', 'synth_trial_visits';
COMMENT ON FUNCTION @extschema@.synth_trial_visits(bigint, bigint, bigint, date) IS 'Visits of participants of clinical trials: days, vital signs, laboratory';

CREATE TYPE @extschema@.synth_adverse_event AS (
    adverse_event_id uuid,
    participant_id uuid,
    term text,
    body_system text,
    grade smallint,
    serious boolean,
    relation text,
    action_taken text,
    outcome text,
    started_on date,
    ended_on date
);
COMMENT ON TYPE @extschema@.synth_adverse_event IS 'a row of synth_adverse_events; docs/reference.md describes each column';
CREATE FUNCTION @extschema@.synth_adverse_events(
    patients bigint,
    seed bigint DEFAULT NULL,
    start bigint DEFAULT 0,
    as_of date DEFAULT NULL
) RETURNS SETOF @extschema@.synth_adverse_event
    LANGUAGE c VOLATILE PARALLEL RESTRICTED COST 1000 ROWS 1000
    SUPPORT synth.rows_support
    AS 'MODULE_PATHNAME', 'synth_adverse_events';
COMMENT ON FUNCTION @extschema@.synth_adverse_events(bigint, bigint, bigint, date) IS 'Adverse events in clinical trials: term, grade, relation, outcome';

CREATE TYPE @extschema@.synth_retail_customer AS (
    customer_id bigint,
    first_name text,
    last_name text,
    email text,
    phone text,
    birth_date date,
    street_address text,
    city text,
    state text,
    zip text,
    registered_at timestamp with time zone,
    tier text,
    marketing_consent boolean
);
COMMENT ON TYPE @extschema@.synth_retail_customer IS 'a row of synth_retail_customers; docs/reference.md describes each column';
CREATE FUNCTION @extschema@.synth_retail_customers(
    rows bigint,
    seed bigint DEFAULT NULL,
    start bigint DEFAULT 0,
    as_of date DEFAULT NULL
) RETURNS SETOF @extschema@.synth_retail_customer
    LANGUAGE c VOLATILE PARALLEL RESTRICTED COST 1000 ROWS 1000
    SUPPORT synth.rows_support
    AS 'MODULE_PATHNAME', 'synth_retail_customers';
COMMENT ON FUNCTION @extschema@.synth_retail_customers(bigint, bigint, bigint, date) IS 'Customers of a shop: identity, address, since when they are known';

CREATE TYPE @extschema@.synth_product AS (
    product_id bigint,
    sku text,
    gtin text,
    name text,
    category text,
    brand text,
    price numeric(18,2),
    cost numeric(18,2),
    weight_g integer,
    introduced_on date
);
COMMENT ON TYPE @extschema@.synth_product IS 'a row of synth_products; docs/reference.md describes each column';
CREATE FUNCTION @extschema@.synth_products(
    customers bigint,
    seed bigint DEFAULT NULL,
    start bigint DEFAULT 0,
    as_of date DEFAULT NULL
) RETURNS SETOF @extschema@.synth_product
    LANGUAGE c VOLATILE PARALLEL RESTRICTED COST 1000 ROWS 1000
    SUPPORT synth.rows_support
    AS 'MODULE_PATHNAME', 'synth_products';
COMMENT ON FUNCTION @extschema@.synth_products(bigint, bigint, bigint, date) IS 'Products of a shop: category, article numbers, price, cost, weight';

CREATE TYPE @extschema@.synth_order AS (
    order_id bigint,
    customer_id bigint,
    ordered_at timestamp with time zone,
    status text,
    shipped_at timestamp with time zone,
    delivered_at timestamp with time zone,
    cancelled_at timestamp with time zone,
    shipping_method text,
    payment_method text,
    shipping_street_address text,
    shipping_city text,
    shipping_state text,
    shipping_zip text,
    subtotal numeric(18,2),
    discount numeric(18,2),
    shipping numeric(18,2),
    tax numeric(18,2),
    total numeric(18,2)
);
COMMENT ON TYPE @extschema@.synth_order IS 'a row of synth_orders; docs/reference.md describes each column';
CREATE FUNCTION @extschema@.synth_orders(
    customers bigint,
    seed bigint DEFAULT NULL,
    start bigint DEFAULT 0,
    as_of date DEFAULT NULL
) RETURNS SETOF @extschema@.synth_order
    LANGUAGE c VOLATILE PARALLEL RESTRICTED COST 1000 ROWS 1000
    SUPPORT synth.rows_support
    AS 'MODULE_PATHNAME', 'synth_orders';
COMMENT ON FUNCTION @extschema@.synth_orders(bigint, bigint, bigint, date) IS 'Orders of a shop: times, status, address, and sums that add up';

CREATE TYPE @extschema@.synth_order_item AS (
    order_item_id bigint,
    order_id bigint,
    line_number smallint,
    product_id bigint,
    quantity integer,
    unit_price numeric(18,2),
    line_total numeric(18,2)
);
COMMENT ON TYPE @extschema@.synth_order_item IS 'a row of synth_order_items; docs/reference.md describes each column';
CREATE FUNCTION @extschema@.synth_order_items(
    customers bigint,
    seed bigint DEFAULT NULL,
    start bigint DEFAULT 0,
    as_of date DEFAULT NULL
) RETURNS SETOF @extschema@.synth_order_item
    LANGUAGE c VOLATILE PARALLEL RESTRICTED COST 1000 ROWS 1000
    SUPPORT synth.rows_support
    AS 'MODULE_PATHNAME', 'synth_order_items';
COMMENT ON FUNCTION @extschema@.synth_order_items(bigint, bigint, bigint, date) IS 'Items of orders: product, quantity, price on that day';

CREATE TYPE @extschema@.synth_return AS (
    return_id bigint,
    order_item_id bigint,
    order_id bigint,
    product_id bigint,
    quantity integer,
    reason text,
    returned_at timestamp with time zone,
    refunded_at timestamp with time zone,
    refund numeric(18,2)
);
COMMENT ON TYPE @extschema@.synth_return IS 'a row of synth_returns; docs/reference.md describes each column';
CREATE FUNCTION @extschema@.synth_returns(
    customers bigint,
    seed bigint DEFAULT NULL,
    start bigint DEFAULT 0,
    as_of date DEFAULT NULL
) RETURNS SETOF @extschema@.synth_return
    LANGUAGE c VOLATILE PARALLEL RESTRICTED COST 1000 ROWS 1000
    SUPPORT synth.rows_support
    AS 'MODULE_PATHNAME', 'synth_returns';
COMMENT ON FUNCTION @extschema@.synth_returns(bigint, bigint, bigint, date) IS 'Items that came back: reason, time, refund';

CREATE TYPE @extschema@.synth_plan AS (
    plan_id bigint,
    code text,
    name text,
    kind text,
    monthly_fee numeric(18,2),
    included_minutes integer,
    included_messages integer,
    included_megabytes integer,
    minute_price numeric(18,2),
    message_price numeric(18,2),
    megabyte_price numeric(18,2),
    offered_from date
);
COMMENT ON TYPE @extschema@.synth_plan IS 'a row of synth_plans; docs/reference.md describes each column';
CREATE FUNCTION @extschema@.synth_plans(
    subscribers bigint,
    seed bigint DEFAULT NULL,
    start bigint DEFAULT 0,
    as_of date DEFAULT NULL
) RETURNS SETOF @extschema@.synth_plan
    LANGUAGE c VOLATILE PARALLEL RESTRICTED COST 1000 ROWS 1000
    SUPPORT synth.rows_support
    AS 'MODULE_PATHNAME', 'synth_plans';
COMMENT ON FUNCTION @extschema@.synth_plans(bigint, bigint, bigint, date) IS 'Plans of a mobile network: monthly fee, allowances, prices beyond them';

CREATE TYPE @extschema@.synth_subscriber AS (
    subscriber_id bigint,
    plan_id bigint,
    first_name text,
    last_name text,
    birth_date date,
    email text,
    street_address text,
    city text,
    state text,
    zip text,
    msisdn text,
    imsi text,
    imei text,
    activated_on date,
    status text,
    churned_on date
);
COMMENT ON TYPE @extschema@.synth_subscriber IS 'a row of synth_subscribers; docs/reference.md describes each column';
CREATE FUNCTION @extschema@.synth_subscribers(
    rows bigint,
    seed bigint DEFAULT NULL,
    start bigint DEFAULT 0,
    as_of date DEFAULT NULL
) RETURNS SETOF @extschema@.synth_subscriber
    LANGUAGE c VOLATILE PARALLEL RESTRICTED COST 1000 ROWS 1000
    SUPPORT synth.rows_support
    AS 'MODULE_PATHNAME', 'synth_subscribers';
COMMENT ON FUNCTION @extschema@.synth_subscribers(bigint, bigint, bigint, date) IS 'Subscribers of a mobile network: identity, numbers, plan, status';

CREATE TYPE @extschema@.synth_call_record AS (
    call_record_id bigint,
    subscriber_id bigint,
    kind text,
    direction text,
    other_party text,
    started_at timestamp with time zone,
    duration_s integer,
    bytes bigint,
    cell text,
    roaming boolean,
    charge numeric(18,2)
);
COMMENT ON TYPE @extschema@.synth_call_record IS 'a row of synth_call_records; docs/reference.md describes each column';
CREATE FUNCTION @extschema@.synth_call_records(
    subscribers bigint,
    seed bigint DEFAULT NULL,
    start bigint DEFAULT 0,
    as_of date DEFAULT NULL
) RETURNS SETOF @extschema@.synth_call_record
    LANGUAGE c VOLATILE PARALLEL RESTRICTED COST 1000 ROWS 1000
    SUPPORT synth.rows_support
    AS 'MODULE_PATHNAME', 'synth_call_records';
COMMENT ON FUNCTION @extschema@.synth_call_records(bigint, bigint, bigint, date) IS 'Calls, messages and data sessions of the last three months and the current one';

CREATE TYPE @extschema@.synth_invoice AS (
    invoice_id bigint,
    subscriber_id bigint,
    period_start date,
    period_end date,
    issued_on date,
    due_on date,
    paid_on date,
    status text,
    plan_fee numeric(18,2),
    usage_charge numeric(18,2),
    tax numeric(18,2),
    total numeric(18,2)
);
COMMENT ON TYPE @extschema@.synth_invoice IS 'a row of synth_invoices; docs/reference.md describes each column';
CREATE FUNCTION @extschema@.synth_invoices(
    subscribers bigint,
    seed bigint DEFAULT NULL,
    start bigint DEFAULT 0,
    as_of date DEFAULT NULL
) RETURNS SETOF @extschema@.synth_invoice
    LANGUAGE c VOLATILE PARALLEL RESTRICTED COST 1000 ROWS 1000
    SUPPORT synth.rows_support
    AS 'MODULE_PATHNAME', 'synth_invoices';
COMMENT ON FUNCTION @extschema@.synth_invoices(bigint, bigint, bigint, date) IS 'Monthly invoices of subscribers: fee, usage, tax, total, payment';

-- Tables generated from the registry: end

CREATE FUNCTION @extschema@.synth_create(
    domain text,
    scale bigint,
    schema text DEFAULT NULL,
    seed bigint DEFAULT NULL,
    as_of date DEFAULT NULL,
    options jsonb DEFAULT '{}',
    OUT table_name text,
    OUT rows bigint,
    OUT used_seed bigint
) RETURNS SETOF record
    LANGUAGE c VOLATILE PARALLEL UNSAFE ROWS 12
    AS 'MODULE_PATHNAME', 'synth_create_wrapper';
COMMENT ON FUNCTION @extschema@.synth_create(text, bigint, text, bigint, date, jsonb) IS
    'creates the tables of a domain with keys, references, indexes and comments, and fills them; scale counts the root entity (patients, customers, subscribers, students). options: the tables'' own parameters, as {"fraud_rate": 0.01}';

--
-- Documents of formats, of the same patients and customers as the tables of the same seed
--

CREATE FUNCTION @extschema@.synth_fhir_bundle(
    patients bigint,
    seed bigint DEFAULT NULL,
    start bigint DEFAULT 0,
    as_of date DEFAULT NULL
) RETURNS SETOF jsonb
    LANGUAGE c VOLATILE PARALLEL RESTRICTED COST 100000 ROWS 1000
    AS 'MODULE_PATHNAME', 'synth_fhir_bundle';
COMMENT ON FUNCTION @extschema@.synth_fhir_bundle(bigint, bigint, bigint, date) IS
    'FHIR R4 bundles, one a patient, with all resources about the patient';

CREATE FUNCTION @extschema@.synth_hl7_message(
    patients bigint,
    seed bigint DEFAULT NULL,
    start bigint DEFAULT 0,
    as_of date DEFAULT NULL
) RETURNS SETOF text
    LANGUAGE c VOLATILE PARALLEL RESTRICTED COST 100000 ROWS 1000
    AS 'MODULE_PATHNAME', 'synth_hl7_message';
COMMENT ON FUNCTION @extschema@.synth_hl7_message(bigint, bigint, bigint, date) IS
    'HL7 v2.5.1 messages about encounters of patients: ADT^A01, A03 and A08, ORU^R01, ORM^O01; segments end with a carriage return';

CREATE FUNCTION @extschema@.synth_fix_message(
    customers bigint,
    seed bigint DEFAULT NULL,
    start bigint DEFAULT 0,
    as_of date DEFAULT NULL
) RETURNS SETOF text
    LANGUAGE c VOLATILE PARALLEL RESTRICTED COST 100000 ROWS 1000
    AS 'MODULE_PATHNAME', 'synth_fix_message';
COMMENT ON FUNCTION @extschema@.synth_fix_message(bigint, bigint, bigint, date) IS
    'FIX 4.4 execution reports on the orders of customers';

CREATE FUNCTION @extschema@.synth_pain001(
    customers bigint,
    seed bigint DEFAULT NULL,
    start bigint DEFAULT 0,
    as_of date DEFAULT NULL
) RETURNS text
    LANGUAGE c VOLATILE PARALLEL RESTRICTED COST 100000
    AS 'MODULE_PATHNAME', 'synth_pain001';
COMMENT ON FUNCTION @extschema@.synth_pain001(bigint, bigint, bigint, date) IS
    'ISO 20022 pain.001: the outgoing transfers of customers in the last whole month, up to 100,000 customers';

--
-- Proof
--

CREATE FUNCTION @extschema@.synth_purge_statistics() RETURNS bigint
    LANGUAGE c VOLATILE PARALLEL UNSAFE
    AS 'MODULE_PATHNAME', 'synth_purge_statistics';
COMMENT ON FUNCTION @extschema@.synth_purge_statistics() IS
    'clears the catalogs of statistics of dead rows, which may hold originals after a masking, as VACUUM FULL does; gives the number that older transactions still may see. For superusers and whom they grant it';
-- It locks what every query is planned with, until the transaction ends.
REVOKE ALL ON FUNCTION @extschema@.synth_purge_statistics() FROM PUBLIC;

--
-- Progress
--

-- Also of tables that synth_mask_table rewrites: Postgres shows those with its own rewrites (CLUSTER,
-- VACUUM FULL), ours marked with a number, in the transaction that masks and to whoever may see its
-- session.
CREATE OR REPLACE VIEW synth.progress WITH (security_barrier) AS
    SELECT n.nspname AS schema_name,
           c.relname AS table_name,
           r.phase,
           r.waiting_for,
           p.rows_done,
           t.rows_total,
           CASE WHEN t.rows_total OPERATOR(pg_catalog.=) 0 THEN 100.0
                ELSE pg_catalog.round(100.0 OPERATOR(pg_catalog.*) p.rows_done OPERATOR(pg_catalog./) t.rows_total, 1)
           END AS percent,
           s.rate AS rows_per_second,
           CASE WHEN s.rate OPERATOR(pg_catalog.>) 0 AND r.phase OPERATOR(pg_catalog.=) ANY (ARRAY['copy', 'rewrite'])
                THEN (t.rows_total OPERATOR(pg_catalog.-) p.rows_done)::double precision
                     OPERATOR(pg_catalog./) s.rate OPERATOR(pg_catalog.*) interval '1 second'
           END AS time_left,
           r.started,
           r.updated,
           r.pid
    FROM (
        SELECT p.relid, p.place, p.target, p.rows_done, p.blocks, p.next_block, p.rows_estimated, p.resumed_rows
        FROM synth.online_part p
        UNION ALL
        -- The parameters are those of pg_stat_progress_cluster, and ours behind them.
        SELECT g.relid, 0, NULL::oid, g.param4, g.param6, g.param7, g.param12, 0
        FROM pg_catalog.pg_stat_get_progress_info('CLUSTER') g
        WHERE g.param1 OPERATOR(pg_catalog.=) 4711
          AND g.datid OPERATOR(pg_catalog.=) (SELECT d.oid FROM pg_catalog.pg_database d
                                              WHERE d.datname OPERATOR(pg_catalog.=) pg_catalog.current_database())
        ) p
    JOIN (
        SELECT r.target, NULL::oid AS relid, r.phase, r.waiting_for, r.started, r.updated, r.resumed, r.pid
        FROM synth.online_run r
        UNION ALL
        SELECT NULL::oid, g.relid,
               CASE WHEN g.param2 OPERATOR(pg_catalog.=) 1 THEN 'rewrite' WHEN g.param2 OPERATOR(pg_catalog.=) 5 THEN 'swap'
                    WHEN g.param2 OPERATOR(pg_catalog.=) 6 THEN 'index' ELSE 'cleanup' END,
               NULL::text, b.begun, pg_catalog.clock_timestamp(), b.begun, g.pid
        FROM pg_catalog.pg_stat_get_progress_info('CLUSTER') g
        CROSS JOIN LATERAL (
            SELECT timestamp with time zone '2000-01-01 00:00:00+00'
                   OPERATOR(pg_catalog.+) (g.param11::double precision OPERATOR(pg_catalog.*) interval '1 microsecond') AS begun) b
        WHERE g.param1 OPERATOR(pg_catalog.=) 4711
          AND g.datid OPERATOR(pg_catalog.=) (SELECT d.oid FROM pg_catalog.pg_database d
                                              WHERE d.datname OPERATOR(pg_catalog.=) pg_catalog.current_database())
        ) r ON r.target OPERATOR(pg_catalog.=) p.target
            OR p.target IS NULL AND r.relid OPERATOR(pg_catalog.=) p.relid
    JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) p.relid
    JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
    CROSS JOIN LATERAL (
        SELECT CASE
            WHEN p.next_block OPERATOR(pg_catalog.>=) p.blocks THEN p.rows_done
            WHEN p.next_block OPERATOR(pg_catalog.=) 0 THEN p.rows_estimated
            ELSE p.rows_done OPERATOR(pg_catalog.*) p.blocks OPERATOR(pg_catalog./) p.next_block
        END AS rows_total) t
    CROSS JOIN LATERAL (
        SELECT CASE
            WHEN r.updated OPERATOR(pg_catalog.>) r.resumed
            THEN pg_catalog.round((p.rows_done OPERATOR(pg_catalog.-) p.resumed_rows)::numeric
                 OPERATOR(pg_catalog./) pg_catalog.extract('epoch', r.updated OPERATOR(pg_catalog.-) r.resumed), 0)::double precision
        END AS rate) s
    WHERE pg_catalog.pg_has_role(c.relowner, 'USAGE')
    ORDER BY r.started, p.place;
COMMENT ON VIEW synth.progress IS
    'masking that goes on, online or as a rewrite, and online masking that has been interrupted or is done, of tables that you own';
