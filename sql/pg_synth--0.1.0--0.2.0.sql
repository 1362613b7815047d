-- pg_synth 0.1.0 to 0.2.0. Written by hand and reviewed as code, except for the section between the
-- markers, which a test keeps equal to the registry. CREATE EXTENSION runs 0.1.0 and then this.
\echo Use "ALTER EXTENSION pg_synth UPDATE TO '0.2.0'" to load this file. \quit

--
-- Scans: workers share a scan
--

-- Called in a worker, a generator without a seed would keep to itself the seed that it draws. In FROM
-- the planner hook makes a scan of the call, whose seed the leader draws: such scans run in workers
-- all the same.
ALTER FUNCTION @extschema@.synth_patients(bigint, bigint, bigint, date) PARALLEL RESTRICTED;

--
-- Values
--

-- VOLATILE, since a call without a row gives a fresh value each time; PARALLEL SAFE, since with row and
-- seed it is the same value wherever it is made.
CREATE FUNCTION @extschema@.synth(
    generator text,
    "row" bigint DEFAULT NULL,
    seed bigint DEFAULT NULL,
    options jsonb DEFAULT '{}'
) RETURNS text
    LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_by_name';
COMMENT ON FUNCTION @extschema@.synth(text, bigint, bigint, jsonb) IS
    'a value of a generator of synth.registry: the same row and seed give the same value; options holds its parameters, and unique';

-- The seed of calls without one: the same in a session, another in each worker.
CREATE FUNCTION synth.session_seed() RETURNS bigint
    LANGUAGE c STABLE PARALLEL RESTRICTED
    AS 'MODULE_PATHNAME', 'synth_session_seed';

-- A point of a time series; NULL in a gap.
CREATE FUNCTION synth.series_value(
    index bigint,
    seed bigint,
    base double precision,
    trend double precision,
    season_period double precision,
    season_amplitude double precision,
    noise double precision,
    gaps double precision,
    gap_length bigint
) RETURNS double precision
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_series_value';

-- An SQL function of one query, which the planner puts in the place of the call: points are made one
-- by one as they are asked for. The body is parsed here and now, so no search_path is involved.
CREATE FUNCTION @extschema@.synth_timeseries(
    start timestamp with time zone,
    step interval,
    points bigint,
    seed bigint DEFAULT NULL,
    base double precision DEFAULT 100,
    trend double precision DEFAULT 0,
    season_period double precision DEFAULT 24,
    season_amplitude double precision DEFAULT 10,
    noise double precision DEFAULT 1,
    gaps double precision DEFAULT 0,
    gap_length bigint DEFAULT 1,
    OUT at timestamp with time zone,
    OUT value double precision
) RETURNS SETOF record
    LANGUAGE sql STABLE PARALLEL RESTRICTED ROWS 1000
    BEGIN ATOMIC
        SELECT start OPERATOR(pg_catalog.+) (i OPERATOR(pg_catalog.*) step),
               synth.series_value(i, COALESCE(seed, synth.session_seed()), base, trend,
                                  season_period, season_amplitude, noise, gaps, gap_length)
        FROM (SELECT pg_catalog.generate_series(0, points OPERATOR(pg_catalog.-) 1)) s (i);
    END;
COMMENT ON FUNCTION @extschema@.synth_timeseries(timestamptz, interval, bigint, bigint, double precision, double precision, double precision, double precision, double precision, double precision, bigint) IS
    'points of a time series: base + trend a point + a season of season_period points + normal noise; value is NULL in gaps';

-- Generated from the registry: begin

CREATE FUNCTION @extschema@.synth_aba_routing_number("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL, is_unique boolean DEFAULT false)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_aba_routing_number(bigint, bigint, boolean) IS 'US bank routing number of nine digits, prefix 33 to 60, never assigned; check digit right';

CREATE FUNCTION @extschema@.synth_account_type("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_account_type(bigint, bigint) IS 'Type of a bank account';

CREATE FUNCTION @extschema@.synth_allergen("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL, is_unique boolean DEFAULT false)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_allergen(bigint, bigint, boolean) IS 'What somebody is allergic to, in lower case';

CREATE FUNCTION @extschema@.synth_amount("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_amount(bigint, bigint) IS 'Amount of money with two decimals, 1.00 to 9999.99; small ones are more common';

CREATE FUNCTION @extschema@.synth_bank_account("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL, is_unique boolean DEFAULT false)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_bank_account(bigint, bigint, boolean) IS 'Bank account number of ten digits, of no bank in particular';

CREATE FUNCTION @extschema@.synth_base64("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_base64(bigint, bigint) IS '24 bytes in Base64 (RFC 4648), 32 characters';

CREATE FUNCTION @extschema@.synth_bic("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL, is_unique boolean DEFAULT false)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_bic(bigint, bigint, boolean) IS 'BIC (SWIFT code) of eight characters, the last 0: test codes of ISO 9362';

CREATE FUNCTION @extschema@.synth_bitcoin_address("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_bitcoin_address(bigint, bigint) IS 'Bitcoin address in the shape of bc1q and 38 characters; its checksum is not kept';

CREATE FUNCTION @extschema@.synth_blood_pressure("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_blood_pressure(bigint, bigint) IS 'Blood pressure in mmHg, systolic/diastolic, 92/56 to 168/102';

CREATE FUNCTION @extschema@.synth_blood_type("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_blood_type(bigint, bigint) IS 'Blood type, as often as in the United States';

CREATE FUNCTION @extschema@.synth_body_temperature("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_body_temperature(bigint, bigint) IS 'Body temperature in degrees Celsius with one decimal, 36.2 to 37.5, one in ten up to 39.5';

CREATE FUNCTION @extschema@.synth_boolean("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL, percent bigint DEFAULT 50)
    RETURNS boolean LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_boolean(bigint, bigint, bigint) IS 'True or false';

CREATE FUNCTION @extschema@.synth_bs("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_bs(bigint, bigint) IS 'Business phrase in lower case: verb, adjective and noun';

CREATE FUNCTION @extschema@.synth_bs_adj("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_bs_adj(bigint, bigint) IS 'Adjective of a business phrase';

CREATE FUNCTION @extschema@.synth_bs_noun("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_bs_noun(bigint, bigint) IS 'Noun of a business phrase';

CREATE FUNCTION @extschema@.synth_bs_verb("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_bs_verb(bigint, bigint) IS 'Verb of a business phrase';

CREATE FUNCTION @extschema@.synth_building_number("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL, locale text DEFAULT 'en_US')
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_building_number(bigint, bigint, text) IS 'House number, that of street_address';

CREATE FUNCTION @extschema@.synth_buzzword("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_buzzword(bigint, bigint) IS 'First word of a catchphrase';

CREATE FUNCTION @extschema@.synth_buzzword_middle("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_buzzword_middle(bigint, bigint) IS 'Middle word of a catchphrase';

CREATE FUNCTION @extschema@.synth_buzzword_tail("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_buzzword_tail(bigint, bigint) IS 'Last word of a catchphrase';

CREATE FUNCTION @extschema@.synth_catchphrase("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_catchphrase(bigint, bigint) IS 'Catchphrase of a company, of three parts';

CREATE FUNCTION @extschema@.synth_cell_number("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL, locale text DEFAULT 'en_US', is_unique boolean DEFAULT false)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_cell_number(bigint, bigint, text, boolean) IS 'Mobile telephone number that is nobody''s: set aside for fiction, or of a prefix without an operator';

CREATE FUNCTION @extschema@.synth_city("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL, locale text DEFAULT 'en_US')
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_city(bigint, bigint, text) IS 'Real city, by population';

CREATE FUNCTION @extschema@.synth_city_prefix("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL, locale text DEFAULT 'en_US')
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_city_prefix(bigint, bigint, text) IS 'Beginning of a city''s name';

CREATE FUNCTION @extschema@.synth_city_suffix("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL, locale text DEFAULT 'en_US')
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_city_suffix(bigint, bigint, text) IS 'End of a city''s name';

CREATE FUNCTION @extschema@.synth_clinical_note("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_clinical_note(bigint, bigint) IS 'Clinical note in English of 300 to 1,500 characters: complaint, history, vital signs, examination, assessment and plan';

CREATE FUNCTION @extschema@.synth_clothing_size("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_clothing_size(bigint, bigint) IS 'Size of clothing, XS to XXL';

CREATE FUNCTION @extschema@.synth_color("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL, is_unique boolean DEFAULT false)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_color(bigint, bigint, boolean) IS 'Name of a colour in CSS, such as teal';

CREATE FUNCTION @extschema@.synth_comment("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_comment(bigint, bigint) IS 'Comment of one or two English sentences';

CREATE FUNCTION @extschema@.synth_company("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL, locale text DEFAULT 'en_US')
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_company(bigint, bigint, text) IS 'Company name: surnames, trade and legal form as is the custom';

CREATE FUNCTION @extschema@.synth_company_suffix("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL, locale text DEFAULT 'en_US')
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_company_suffix(bigint, bigint, text) IS 'Legal form of a company';

CREATE FUNCTION @extschema@.synth_country_code("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL, is_unique boolean DEFAULT false)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_country_code(bigint, bigint, boolean) IS 'Country code of two letters (ISO 3166-1 alpha-2)';

CREATE FUNCTION @extschema@.synth_country_code_alpha3("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL, is_unique boolean DEFAULT false)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_country_code_alpha3(bigint, bigint, boolean) IS 'Country code of three letters (ISO 3166-1 alpha-3)';

CREATE FUNCTION @extschema@.synth_country_code_numeric("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL, is_unique boolean DEFAULT false)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_country_code_numeric(bigint, bigint, boolean) IS 'Country code of three digits (ISO 3166-1 numeric)';

CREATE FUNCTION @extschema@.synth_country_name("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL, is_unique boolean DEFAULT false)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_country_name(bigint, bigint, boolean) IS 'English name of a country (ISO 3166-1)';

CREATE FUNCTION @extschema@.synth_credit_card_brand("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_credit_card_brand(bigint, bigint) IS 'Brand of a payment card, that of credit_card_number';

CREATE FUNCTION @extschema@.synth_credit_card_expiry("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_credit_card_expiry(bigint, bigint) IS 'Expiry of a payment card as MM/YY, January 2026 to December 2030';

CREATE FUNCTION @extschema@.synth_credit_card_number("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL, brand text DEFAULT NULL, is_unique boolean DEFAULT false)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_credit_card_number(bigint, bigint, text, boolean) IS 'Card number under a published test BIN, 14 to 16 digits by brand; Luhn digit right';

CREATE FUNCTION @extschema@.synth_currency_code("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL, is_unique boolean DEFAULT false)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_currency_code(bigint, bigint, boolean) IS 'Currency code of three letters (ISO 4217)';

CREATE FUNCTION @extschema@.synth_currency_name("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL, is_unique boolean DEFAULT false)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_currency_name(bigint, bigint, boolean) IS 'English name of a currency (ISO 4217)';

CREATE FUNCTION @extschema@.synth_currency_symbol("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_currency_symbol(bigint, bigint) IS 'Symbol of a currency, such as €';

CREATE FUNCTION @extschema@.synth_cusip("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL, is_unique boolean DEFAULT false)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_cusip(bigint, bigint, boolean) IS 'CUSIP of nine characters, issuer 99: kept for private use; check digit right';

CREATE FUNCTION @extschema@.synth_cvv("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_cvv(bigint, bigint) IS 'Card verification value: three digits, four of American Express';

CREATE FUNCTION @extschema@.synth_date("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL, earliest date DEFAULT '2016-01-01', latest date DEFAULT '2025-12-31', is_unique boolean DEFAULT false)
    RETURNS date LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_date(bigint, bigint, date, date, boolean) IS 'Date between two others';

CREATE FUNCTION @extschema@.synth_date_of_birth("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL, minimum_age bigint DEFAULT 18, maximum_age bigint DEFAULT 90, as_of date DEFAULT '2026-01-01', is_unique boolean DEFAULT false)
    RETURNS date LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_date_of_birth(bigint, bigint, bigint, bigint, date, boolean) IS 'Date of birth of somebody whose age lies between two';

CREATE FUNCTION @extschema@.synth_decimal("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_decimal(bigint, bigint) IS 'Number with two decimals, -9999.99 to 9999.99';

CREATE FUNCTION @extschema@.synth_department("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL, is_unique boolean DEFAULT false)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_department(bigint, bigint, boolean) IS 'Department of a company';

CREATE FUNCTION @extschema@.synth_diagnosis("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL, is_unique boolean DEFAULT false)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_diagnosis(bigint, bigint, boolean) IS 'Description of icd10_code (ICD-10-CM)';

CREATE FUNCTION @extschema@.synth_digit("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL)
    RETURNS integer LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_digit(bigint, bigint) IS 'Whole number of one digit, 0 to 9';

CREATE FUNCTION @extschema@.synth_dir_path("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_dir_path(bigint, bigint) IS 'Absolute path of a folder, two to four levels deep';

CREATE FUNCTION @extschema@.synth_domain_name("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL, is_unique boolean DEFAULT false)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_domain_name(bigint, bigint, boolean) IS 'Host of two words and a number under a reserved domain (RFC 2606)';

CREATE FUNCTION @extschema@.synth_domain_suffix("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL, is_unique boolean DEFAULT false)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_domain_suffix(bigint, bigint, boolean) IS 'Last part of a domain name, such as com';

CREATE FUNCTION @extschema@.synth_drug_class("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_drug_class(bigint, bigint) IS 'Class of medicines, that of drug_name';

CREATE FUNCTION @extschema@.synth_drug_dose("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_drug_dose(bigint, bigint) IS 'Usual dose of drug_name with its unit';

CREATE FUNCTION @extschema@.synth_drug_name("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL, is_unique boolean DEFAULT false)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_drug_name(bigint, bigint, boolean) IS 'Generic name of a medicine, in lower case';

CREATE FUNCTION @extschema@.synth_duration("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_duration(bigint, bigint) IS 'Span of time as ISO 8601 writes it, such as PT2H5M30S, one second to two days';

CREATE FUNCTION @extschema@.synth_ean13("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL, is_unique boolean DEFAULT false)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_ean13(bigint, bigint, boolean) IS 'EAN-13 (GTIN-13) under GS1 prefix 952, which GS1 keeps for demonstrations; check digit right';

CREATE FUNCTION @extschema@.synth_ean8("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL, is_unique boolean DEFAULT false)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_ean8(bigint, bigint, boolean) IS 'EAN-8 (GTIN-8) starting with 2, restricted circulation within a company; check digit right';

CREATE FUNCTION @extschema@.synth_email("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL, locale text DEFAULT 'en_US', is_unique boolean DEFAULT false)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_email(bigint, bigint, text, boolean) IS 'E-mail address built from a name, under a reserved domain (RFC 2606)';

CREATE FUNCTION @extschema@.synth_emoji("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL, is_unique boolean DEFAULT false)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_emoji(bigint, bigint, boolean) IS 'Emoji';

CREATE FUNCTION @extschema@.synth_ethereum_address("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_ethereum_address(bigint, bigint) IS 'Ethereum address: 0x and 40 hexadecimal digits in lower case';

CREATE FUNCTION @extschema@.synth_exponential("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL, mean double precision DEFAULT 1)
    RETURNS double precision LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_exponential(bigint, bigint, double precision) IS 'Number of an exponential distribution: waiting times between events';

CREATE FUNCTION @extschema@.synth_file_extension("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL, is_unique boolean DEFAULT false)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_file_extension(bigint, bigint, boolean) IS 'File name extension without the dot';

CREATE FUNCTION @extschema@.synth_file_name("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_file_name(bigint, bigint) IS 'File name of two words with an extension, that of file_extension';

CREATE FUNCTION @extschema@.synth_file_path("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_file_path(bigint, bigint) IS 'Absolute path of a file: dir_path and file_name';

CREATE FUNCTION @extschema@.synth_file_size("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_file_size(bigint, bigint) IS 'File size in bytes, 1 to about 2 GiB, each power of two as likely as the next';

CREATE FUNCTION @extschema@.synth_first_name("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL, locale text DEFAULT 'en_US')
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_first_name(bigint, bigint, text) IS 'First name, by frequency over both sexes (en_US: over all ages, SSA)';

CREATE FUNCTION @extschema@.synth_first_name_female("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL, locale text DEFAULT 'en_US')
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_first_name_female(bigint, bigint, text) IS 'First name of a woman, by frequency';

CREATE FUNCTION @extschema@.synth_first_name_male("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL, locale text DEFAULT 'en_US')
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_first_name_male(bigint, bigint, text) IS 'First name of a man, by frequency';

CREATE FUNCTION @extschema@.synth_free_email("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL, locale text DEFAULT 'en_US')
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_free_email(bigint, bigint, text) IS 'E-mail address at the name of a free provider, moved under example.com (RFC 2606) so that nobody receives it';

CREATE FUNCTION @extschema@.synth_free_email_provider("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL, is_unique boolean DEFAULT false)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_free_email_provider(bigint, bigint, boolean) IS 'Domain of a provider of free e-mail, such as gmail.com';

CREATE FUNCTION @extschema@.synth_full_address("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL, locale text DEFAULT 'en_US')
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_full_address(bigint, bigint, text) IS 'Street, city and postal code that agree, in the lines of the country';

CREATE FUNCTION @extschema@.synth_full_name("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL, locale text DEFAULT 'en_US')
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_full_name(bigint, bigint, text) IS 'First and last name, by frequency, in the order of the language';

CREATE FUNCTION @extschema@.synth_future_date("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL, years bigint DEFAULT 10, as_of date DEFAULT '2026-01-01', is_unique boolean DEFAULT false)
    RETURNS date LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_future_date(bigint, bigint, bigint, date, boolean) IS 'Date after as_of, within some years';

CREATE FUNCTION @extschema@.synth_geo_point("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL, south double precision DEFAULT -90, west double precision DEFAULT -180, north double precision DEFAULT 90, east double precision DEFAULT 180)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_geo_point(bigint, bigint, double precision, double precision, double precision, double precision) IS 'Point (longitude,latitude) in a box, evenly over its area';

CREATE FUNCTION @extschema@.synth_geo_point_city("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL, city text DEFAULT NULL, radius_km double precision DEFAULT 5)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_geo_point_city(bigint, bigint, text, double precision) IS 'Point (longitude,latitude) in a US city: within some kilometres of one of its ZIP areas';

CREATE FUNCTION @extschema@.synth_geo_point_near(latitude double precision, longitude double precision, "row" bigint DEFAULT NULL, seed bigint DEFAULT NULL, radius_km double precision DEFAULT 10)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_geo_point_near(double precision, double precision, bigint, bigint, double precision) IS 'Point (longitude,latitude) around a centre, evenly over the circle';

CREATE FUNCTION @extschema@.synth_geohash("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL, "precision" bigint DEFAULT 9)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_geohash(bigint, bigint, bigint) IS 'Geohash of the middle of a US city';

CREATE FUNCTION @extschema@.synth_gtin14("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL, is_unique boolean DEFAULT false)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_gtin14(bigint, bigint, boolean) IS 'GTIN-14 of a case (indicator 1) under GS1 prefix 952, kept for demonstrations; check digit right';

CREATE FUNCTION @extschema@.synth_hashtag("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_hashtag(bigint, bigint) IS 'Hashtag of two words in camel case, such as #QuietRiver';

CREATE FUNCTION @extschema@.synth_health_insurance_code("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL, is_unique boolean DEFAULT false)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_health_insurance_code(bigint, bigint, boolean) IS 'French social security number (NIR) with its key; the order 000 is nobody''s';

CREATE FUNCTION @extschema@.synth_heart_rate("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL)
    RETURNS integer LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_heart_rate(bigint, bigint) IS 'Heart rate of an adult at rest in beats a minute, 52 to 104';

CREATE FUNCTION @extschema@.synth_hex_color("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL, is_unique boolean DEFAULT false)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_hex_color(bigint, bigint, boolean) IS 'Colour #rrggbb in hexadecimal, any of the 16,777,216';

CREATE FUNCTION @extschema@.synth_hsl_color("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_hsl_color(bigint, bigint) IS 'Colour hsl(hue, saturation%, lightness%); hue 0 to 359 degrees, the others 0 to 100';

CREATE FUNCTION @extschema@.synth_hsla_color("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_hsla_color(bigint, bigint) IS 'Colour hsla(hue, saturation%, lightness%, opacity); opacity 0.00 to 1.00';

CREATE FUNCTION @extschema@.synth_http_method("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_http_method(bigint, bigint) IS 'HTTP method; half are GET';

CREATE FUNCTION @extschema@.synth_iban("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL, country text DEFAULT NULL, is_unique boolean DEFAULT false)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_iban(bigint, bigint, text, boolean) IS 'IBAN without spaces, at a bank code that is not assigned; check digits right';

CREATE FUNCTION @extschema@.synth_iccid("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL, is_unique boolean DEFAULT false)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_iccid(bigint, bigint, boolean) IS 'SIM card number of 20 digits under country 999, which nobody has; Luhn digit right';

CREATE FUNCTION @extschema@.synth_icd10_code("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL, is_unique boolean DEFAULT false)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_icd10_code(bigint, bigint, boolean) IS 'Code of a common diagnosis (ICD-10-CM)';

CREATE FUNCTION @extschema@.synth_image_url("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_image_url(bigint, bigint) IS 'URL of a picture under example.com (RFC 2606), with its size in pixels';

CREATE FUNCTION @extschema@.synth_imei("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL, is_unique boolean DEFAULT false)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_imei(bigint, bigint, boolean) IS 'IMEI of 15 digits starting with 00, kept for test telephones (GSMA); Luhn digit right';

CREATE FUNCTION @extschema@.synth_imsi("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL, is_unique boolean DEFAULT false)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_imsi(bigint, bigint, boolean) IS 'IMSI of 15 digits in test network 001-01 (ITU-T E.212)';

CREATE FUNCTION @extschema@.synth_industry("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_industry(bigint, bigint) IS 'Industry';

CREATE FUNCTION @extschema@.synth_ip("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_ip(bigint, bigint) IS 'IP address from a documentation block, one in four of version 6 (RFC 5737, RFC 3849)';

CREATE FUNCTION @extschema@.synth_ipv4("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL, is_unique boolean DEFAULT false)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_ipv4(bigint, bigint, boolean) IS 'IPv4 address from the documentation blocks of RFC 5737 (768 addresses)';

CREATE FUNCTION @extschema@.synth_ipv6("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL, is_unique boolean DEFAULT false)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_ipv6(bigint, bigint, boolean) IS 'IPv6 address from the documentation block 2001:db8::/32 (RFC 3849)';

CREATE FUNCTION @extschema@.synth_isbn("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL, is_unique boolean DEFAULT false)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_isbn(bigint, bigint, boolean) IS 'ISBN-13 with hyphens, 978-66 to 978-69: groups not in use; check digit right';

CREATE FUNCTION @extschema@.synth_isbn10("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL, is_unique boolean DEFAULT false)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_isbn10(bigint, bigint, boolean) IS 'ISBN-10 with hyphens, groups 66 to 69, not in use; check character right';

CREATE FUNCTION @extschema@.synth_isbn13("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL, is_unique boolean DEFAULT false)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_isbn13(bigint, bigint, boolean) IS 'ISBN-13 with hyphens, 978-66 to 978-69: groups not in use; check digit right';

CREATE FUNCTION @extschema@.synth_isin("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL, is_unique boolean DEFAULT false)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_isin(bigint, bigint, boolean) IS 'ISIN of twelve characters under ZZ, which ISO 3166 gives to no country; check digit right';

CREATE FUNCTION @extschema@.synth_job_field("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL, is_unique boolean DEFAULT false)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_job_field(bigint, bigint, boolean) IS 'Field of work, that of job_title';

CREATE FUNCTION @extschema@.synth_job_position("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_job_position(bigint, bigint) IS 'Position, that of job_title';

CREATE FUNCTION @extschema@.synth_job_seniority("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL, is_unique boolean DEFAULT false)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_job_seniority(bigint, bigint, boolean) IS 'Seniority of a position';

CREATE FUNCTION @extschema@.synth_job_title("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_job_title(bigint, bigint) IS 'Job title';

CREATE FUNCTION @extschema@.synth_json(example jsonb, "row" bigint DEFAULT NULL, seed bigint DEFAULT NULL)
    RETURNS json LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_json(jsonb, bigint, bigint) IS 'JSON document of the shape of an example, with other values';

CREATE FUNCTION @extschema@.synth_lab_test("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL, is_unique boolean DEFAULT false)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_lab_test(bigint, bigint, boolean) IS 'Name of a laboratory test';

CREATE FUNCTION @extschema@.synth_lab_unit("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_lab_unit(bigint, bigint) IS 'Unit of lab_value';

CREATE FUNCTION @extschema@.synth_lab_value("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_lab_value(bigint, bigint) IS 'Result of lab_test, a number with one or two decimals in the range of most adults';

CREATE FUNCTION @extschema@.synth_language_code("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL, is_unique boolean DEFAULT false)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_language_code(bigint, bigint, boolean) IS 'Language code of two letters (ISO 639-1)';

CREATE FUNCTION @extschema@.synth_language_name("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL, is_unique boolean DEFAULT false)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_language_name(bigint, bigint, boolean) IS 'English name of a language (ISO 639-1)';

CREATE FUNCTION @extschema@.synth_last_name("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL, locale text DEFAULT 'en_US')
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_last_name(bigint, bigint, text) IS 'Last name, by frequency (en_US: Census 2010); two in es_ES, feminine for women in pl_PL';

CREATE FUNCTION @extschema@.synth_latitude("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL, locale text DEFAULT 'en_US')
    RETURNS double precision LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_latitude(bigint, bigint, text) IS 'Degrees north of a point within 2 km of the centre of city';

CREATE FUNCTION @extschema@.synth_lei("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL, is_unique boolean DEFAULT false)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_lei(bigint, bigint, boolean) IS 'Legal Entity Identifier of 20 characters, issuer 0000, never assigned; check digits right';

CREATE FUNCTION @extschema@.synth_licence_plate("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL, locale text DEFAULT 'en_US', is_unique boolean DEFAULT false)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_licence_plate(bigint, bigint, text, boolean) IS 'Licence plate of a series that is not issued';

CREATE FUNCTION @extschema@.synth_lognormal("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL, mu double precision DEFAULT 0, sigma double precision DEFAULT 1)
    RETURNS double precision LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_lognormal(bigint, bigint, double precision, double precision) IS 'Number of a lognormal distribution: incomes, prices, sizes of files';

CREATE FUNCTION @extschema@.synth_longitude("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL, locale text DEFAULT 'en_US')
    RETURNS double precision LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_longitude(bigint, bigint, text) IS 'Degrees east of a point within 2 km of the centre of city';

CREATE FUNCTION @extschema@.synth_mac_address("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL, is_unique boolean DEFAULT false)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_mac_address(bigint, bigint, boolean) IS 'Hardware address of six octets, locally administered: no manufacturer''s (IEEE 802)';

CREATE FUNCTION @extschema@.synth_markdown("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL, minimum bigint DEFAULT 2, maximum bigint DEFAULT 4)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_markdown(bigint, bigint, bigint, bigint) IS 'Markdown document: a heading, paragraphs, a list and a link to example.com';

CREATE FUNCTION @extschema@.synth_markdown_block_quote("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL, minimum bigint DEFAULT 1, maximum bigint DEFAULT 3)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_markdown_block_quote(bigint, bigint, bigint, bigint) IS 'Markdown block quote of some lines, one Latin sentence each';

CREATE FUNCTION @extschema@.synth_markdown_bold("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_markdown_bold(bigint, bigint) IS 'Latin word in bold, as Markdown';

CREATE FUNCTION @extschema@.synth_markdown_bullet_points("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL, minimum bigint DEFAULT 3, maximum bigint DEFAULT 6)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_markdown_bullet_points(bigint, bigint, bigint, bigint) IS 'Markdown list with bullets, one Latin sentence each';

CREATE FUNCTION @extschema@.synth_markdown_code("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL, minimum bigint DEFAULT 2, maximum bigint DEFAULT 6)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_markdown_code(bigint, bigint, bigint, bigint) IS 'Markdown code block of some lines';

CREATE FUNCTION @extschema@.synth_markdown_italic("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_markdown_italic(bigint, bigint) IS 'Latin word in italics, as Markdown';

CREATE FUNCTION @extschema@.synth_markdown_link("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_markdown_link(bigint, bigint) IS 'Markdown link of a Latin word to a page under example.com (RFC 2606)';

CREATE FUNCTION @extschema@.synth_markdown_numbered_list("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL, minimum bigint DEFAULT 3, maximum bigint DEFAULT 6)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_markdown_numbered_list(bigint, bigint, bigint, bigint) IS 'Markdown list with numbers, one Latin sentence each';

CREATE FUNCTION @extschema@.synth_material("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL, is_unique boolean DEFAULT false)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_material(bigint, bigint, boolean) IS 'Material, in lower case';

CREATE FUNCTION @extschema@.synth_md5("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_md5(bigint, bigint) IS '32 hexadecimal digits, as of an MD5 hash';

CREATE FUNCTION @extschema@.synth_medical_procedure("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL, is_unique boolean DEFAULT false)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_medical_procedure(bigint, bigint, boolean) IS 'Name of a medical procedure';

CREATE FUNCTION @extschema@.synth_medical_specialty("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_medical_specialty(bigint, bigint) IS 'Medical specialty';

CREATE FUNCTION @extschema@.synth_mime_type("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL, is_unique boolean DEFAULT false)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_mime_type(bigint, bigint, boolean) IS 'Media type of a file, that of file_extension';

CREATE FUNCTION @extschema@.synth_mixture(components jsonb, "row" bigint DEFAULT NULL, seed bigint DEFAULT NULL)
    RETURNS double precision LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_mixture(jsonb, bigint, bigint) IS 'Number of one of several distributions, chosen by weight';

CREATE FUNCTION @extschema@.synth_month_name("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL, is_unique boolean DEFAULT false)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_month_name(bigint, bigint, boolean) IS 'English name of a month';

CREATE FUNCTION @extschema@.synth_mrn("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL, is_unique boolean DEFAULT false)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_mrn(bigint, bigint, boolean) IS 'Medical record number: MRN and eight digits';

CREATE FUNCTION @extschema@.synth_name_suffix("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL, locale text DEFAULT 'en_US')
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_name_suffix(bigint, bigint, text) IS 'Suffix of a name';

CREATE FUNCTION @extschema@.synth_name_title("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL, locale text DEFAULT 'en_US')
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_name_title(bigint, bigint, text) IS 'Title that fits the sex of first_name';

CREATE FUNCTION @extschema@.synth_name_with_title("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL, locale text DEFAULT 'en_US')
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_name_with_title(bigint, bigint, text) IS 'Title and full name';

CREATE FUNCTION @extschema@.synth_nanoid("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_nanoid(bigint, bigint) IS 'Nano ID: 21 characters that a URL takes';

CREATE FUNCTION @extschema@.synth_national_id("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL, locale text DEFAULT 'en_US', is_unique boolean DEFAULT false)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_national_id(bigint, bigint, text, boolean) IS 'National identifier with the right check digits, of a range that is not issued (pt_BR and ja_JP: no such range exists): SSN, NINO, Steuer-ID, NIR, DNI, codice fiscale, CPF, BSN, PESEL, My Number, resident identity number, Saudi ID';

CREATE FUNCTION @extschema@.synth_negative_decimal("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_negative_decimal(bigint, bigint) IS 'Number below zero with two decimals, -9999.99 to -0.01';

CREATE FUNCTION @extschema@.synth_normal("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL, mean double precision DEFAULT 0, standard_deviation double precision DEFAULT 1)
    RETURNS double precision LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_normal(bigint, bigint, double precision, double precision) IS 'Number of a normal distribution';

CREATE FUNCTION @extschema@.synth_npi("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL, is_unique boolean DEFAULT false)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_npi(bigint, bigint, boolean) IS 'National Provider Identifier with a right check digit, from a series never assigned';

CREATE FUNCTION @extschema@.synth_number_with_format("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL, format text DEFAULT '^##-####', is_unique boolean DEFAULT false)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_number_with_format(bigint, bigint, text, boolean) IS 'Digits in a format: # is any digit, ^ one from 1 to 9, all else stands for itself';

CREATE FUNCTION @extschema@.synth_object_id("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_object_id(bigint, bigint) IS 'ObjectId of MongoDB, 24 hexadecimal digits; its seconds are of 2016 to 2025';

CREATE FUNCTION @extschema@.synth_order_number("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL, is_unique boolean DEFAULT false)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_order_number(bigint, bigint, boolean) IS 'Order number: ORD-, a year from 2020 to 2025 and eight digits';

CREATE FUNCTION @extschema@.synth_order_status("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_order_status(bigint, bigint) IS 'State of an order, in lower case; delivered is commonest';

CREATE FUNCTION @extschema@.synth_paragraph("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL, minimum bigint DEFAULT 3, maximum bigint DEFAULT 6)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_paragraph(bigint, bigint, bigint, bigint) IS 'Paragraph of Latin sentences';

CREATE FUNCTION @extschema@.synth_paragraphs("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL, minimum bigint DEFAULT 2, maximum bigint DEFAULT 4)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_paragraphs(bigint, bigint, bigint, bigint) IS 'Paragraphs of three to six Latin sentences, an empty line between them';

CREATE FUNCTION @extschema@.synth_password("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL, minimum bigint DEFAULT 12, maximum bigint DEFAULT 20)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_password(bigint, bigint, bigint, bigint) IS 'Password of letters and digits, in plain text';

CREATE FUNCTION @extschema@.synth_past_date("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL, years bigint DEFAULT 10, as_of date DEFAULT '2026-01-01', is_unique boolean DEFAULT false)
    RETURNS date LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_past_date(bigint, bigint, bigint, date, boolean) IS 'Date before as_of, within some years';

CREATE FUNCTION @extschema@.synth_pattern(pattern text, "row" bigint DEFAULT NULL, seed bigint DEFAULT NULL, is_unique boolean DEFAULT false)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_pattern(text, bigint, bigint, boolean) IS 'Text that matches a regular expression';

CREATE FUNCTION @extschema@.synth_payment_method("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_payment_method(bigint, bigint) IS 'Means of payment';

CREATE FUNCTION @extschema@.synth_percentage("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_percentage(bigint, bigint) IS 'Percentage with two decimals, 0.00 to 100.00';

CREATE FUNCTION @extschema@.synth_phone("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL, locale text DEFAULT 'en_US', is_unique boolean DEFAULT false)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_phone(bigint, bigint, text, boolean) IS 'Telephone number that is nobody''s: set aside for fiction (en_US: 555-0100 to 555-0199 of the area code of city), or of an area not assigned';

CREATE FUNCTION @extschema@.synth_poisson("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL, mean double precision DEFAULT 1)
    RETURNS bigint LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_poisson(bigint, bigint, double precision) IS 'Whole number of a Poisson distribution: events within a time';

CREATE FUNCTION @extschema@.synth_port("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_port(bigint, bigint) IS 'TCP or UDP port number, 1024 to 65535';

CREATE FUNCTION @extschema@.synth_positive_decimal("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_positive_decimal(bigint, bigint) IS 'Number above zero with two decimals, 0.01 to 9999.99';

CREATE FUNCTION @extschema@.synth_postcode("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL, locale text DEFAULT 'en_US')
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_postcode(bigint, bigint, text) IS 'Postal code that fits city (beyond its prefix the digits are drawn, except in en_US)';

CREATE FUNCTION @extschema@.synth_price("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_price(bigint, bigint) IS 'Price with two decimals in the range of its product_category, mostly ending in 9';

CREATE FUNCTION @extschema@.synth_product_category("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL, is_unique boolean DEFAULT false)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_product_category(bigint, bigint, boolean) IS 'Category of a product, that of product_name';

CREATE FUNCTION @extschema@.synth_product_description("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_product_description(bigint, bigint) IS 'One sentence on a product, that of product_name';

CREATE FUNCTION @extschema@.synth_product_name("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL, is_unique boolean DEFAULT false)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_product_name(bigint, bigint, boolean) IS 'Name of a product: a quality and an article';

CREATE FUNCTION @extschema@.synth_profession("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_profession(bigint, bigint) IS 'Profession, in lower case';

CREATE FUNCTION @extschema@.synth_rating("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL)
    RETURNS integer LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_rating(bigint, bigint) IS 'Stars given, 1 to 5; four and five are commonest';

CREATE FUNCTION @extschema@.synth_review("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_review(bigint, bigint) IS 'Review of a product in two to four English sentences, of one mind throughout';

CREATE FUNCTION @extschema@.synth_rfc_status_code("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL, is_unique boolean DEFAULT false)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_rfc_status_code(bigint, bigint, boolean) IS 'HTTP status code of the IANA registry';

CREATE FUNCTION @extschema@.synth_rgb_color("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_rgb_color(bigint, bigint) IS 'Colour rgb(red, green, blue), each 0 to 255';

CREATE FUNCTION @extschema@.synth_rgba_color("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_rgba_color(bigint, bigint) IS 'Colour rgba(red, green, blue, opacity); opacity 0.00 to 1.00';

CREATE FUNCTION @extschema@.synth_safe_email("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL, locale text DEFAULT 'en_US')
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_safe_email(bigint, bigint, text) IS 'E-mail address of first name and number, under a reserved domain (RFC 2606)';

CREATE FUNCTION @extschema@.synth_secondary_address("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL, locale text DEFAULT 'en_US')
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_secondary_address(bigint, bigint, text) IS 'Unit in a building, such as an apartment';

CREATE FUNCTION @extschema@.synth_secondary_address_type("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL, locale text DEFAULT 'en_US')
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_secondary_address_type(bigint, bigint, text) IS 'Kind of a unit in a building';

CREATE FUNCTION @extschema@.synth_sedol("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL, is_unique boolean DEFAULT false)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_sedol(bigint, bigint, boolean) IS 'SEDOL of seven characters, the first 9: kept for private use; check digit right';

CREATE FUNCTION @extschema@.synth_semver("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_semver(bigint, bigint) IS 'Version MAJOR.MINOR.PATCH (Semantic Versioning 2.0.0), one in eight a pre-release';

CREATE FUNCTION @extschema@.synth_semver_stable("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_semver_stable(bigint, bigint) IS 'Version MAJOR.MINOR.PATCH (Semantic Versioning 2.0.0)';

CREATE FUNCTION @extschema@.synth_semver_unstable("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_semver_unstable(bigint, bigint) IS 'Version of a pre-release, such as 1.4.0-rc.2 (Semantic Versioning 2.0.0)';

CREATE FUNCTION @extschema@.synth_sentence("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL, minimum bigint DEFAULT 4, maximum bigint DEFAULT 10)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_sentence(bigint, bigint, bigint, bigint) IS 'Sentence of Latin words';

CREATE FUNCTION @extschema@.synth_sentences("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL, minimum bigint DEFAULT 2, maximum bigint DEFAULT 4)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_sentences(bigint, bigint, bigint, bigint) IS 'Latin sentences of four to ten words';

CREATE FUNCTION @extschema@.synth_serial_number("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL, is_unique boolean DEFAULT false)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_serial_number(bigint, bigint, boolean) IS 'Serial number of a device: SN, four letters or digits and eight digits';

CREATE FUNCTION @extschema@.synth_sha1("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_sha1(bigint, bigint) IS '40 hexadecimal digits, as of a SHA-1 hash';

CREATE FUNCTION @extschema@.synth_sha256("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_sha256(bigint, bigint) IS '64 hexadecimal digits, as of a SHA-256 hash';

CREATE FUNCTION @extschema@.synth_sku("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL, is_unique boolean DEFAULT false)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_sku(bigint, bigint, boolean) IS 'Stock keeping unit: three letters of the product_category, four letters or digits, four digits';

CREATE FUNCTION @extschema@.synth_slug("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL, is_unique boolean DEFAULT false)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_slug(bigint, bigint, boolean) IS 'Part of a URL: words and a number with hyphens, such as quiet-river-4711';

CREATE FUNCTION @extschema@.synth_snowflake_id("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL)
    RETURNS bigint LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_snowflake_id(bigint, bigint) IS 'Snowflake ID as Twitter made them, of 2016 to 2025';

CREATE FUNCTION @extschema@.synth_ssn("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL, is_unique boolean DEFAULT false)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_ssn(bigint, bigint, boolean) IS 'Social Security number from area numbers never issued (900 to 999, outside the ITIN groups)';

CREATE FUNCTION @extschema@.synth_state("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL, locale text DEFAULT 'en_US')
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_state(bigint, bigint, text) IS 'State, province or region of city, by name';

CREATE FUNCTION @extschema@.synth_state_abbr("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL, locale text DEFAULT 'en_US')
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_state_abbr(bigint, bigint, text) IS 'Code of state';

CREATE FUNCTION @extschema@.synth_street_address("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL, locale text DEFAULT 'en_US')
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_street_address(bigint, bigint, text) IS 'Street and house number in the order of the country; in en_US, for one in eight, an apartment';

CREATE FUNCTION @extschema@.synth_street_name("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL, locale text DEFAULT 'en_US')
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_street_name(bigint, bigint, text) IS 'Common street name, that of street_address';

CREATE FUNCTION @extschema@.synth_street_suffix("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL, locale text DEFAULT 'en_US')
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_street_suffix(bigint, bigint, text) IS 'Kind of a street';

CREATE FUNCTION @extschema@.synth_template(template text, "row" bigint DEFAULT NULL, seed bigint DEFAULT NULL, variables jsonb DEFAULT NULL)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_template(text, bigint, bigint, jsonb) IS 'Text with values in it: {first_name} {last_name} <{email}>';

CREATE FUNCTION @extschema@.synth_ticket_priority("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_ticket_priority(bigint, bigint) IS 'Priority of a support ticket, in lower case';

CREATE FUNCTION @extschema@.synth_ticket_status("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_ticket_status(bigint, bigint) IS 'State of a support ticket, in lower case';

CREATE FUNCTION @extschema@.synth_ticket_subject("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_ticket_subject(bigint, bigint) IS 'Subject of a support ticket';

CREATE FUNCTION @extschema@.synth_time_of_day("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL)
    RETURNS time LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_time_of_day(bigint, bigint) IS 'Time of day in whole seconds';

CREATE FUNCTION @extschema@.synth_timestamp("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL, earliest timestamptz DEFAULT '2016-01-01', latest timestamptz DEFAULT '2026-01-01')
    RETURNS timestamp LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_timestamp(bigint, bigint, timestamptz, timestamptz) IS 'Date and time of day without zone between two, in whole seconds';

CREATE FUNCTION @extschema@.synth_timestamptz("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL, earliest timestamptz DEFAULT '2016-01-01', latest timestamptz DEFAULT '2026-01-01')
    RETURNS timestamptz LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_timestamptz(bigint, bigint, timestamptz, timestamptz) IS 'Instant between two, in whole seconds';

CREATE FUNCTION @extschema@.synth_timezone("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL, is_unique boolean DEFAULT false)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_timezone(bigint, bigint, boolean) IS 'Time zone of the IANA database, such as Europe/Paris';

CREATE FUNCTION @extschema@.synth_tracking_number("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL, is_unique boolean DEFAULT false)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_tracking_number(bigint, bigint, boolean) IS 'Tracking number of a parcel: three letters and twelve digits, of no carrier that exists';

CREATE FUNCTION @extschema@.synth_transaction_type("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_transaction_type(bigint, bigint) IS 'Type of a bank transaction';

CREATE FUNCTION @extschema@.synth_ulid("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL, is_unique boolean DEFAULT false)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_ulid(bigint, bigint, boolean) IS 'ULID of 26 characters; its time is of 2016 to 2025';

CREATE FUNCTION @extschema@.synth_uniform("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL, minimum double precision DEFAULT 0, maximum double precision DEFAULT 1)
    RETURNS double precision LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_uniform(bigint, bigint, double precision, double precision) IS 'Number between two bounds, all equally likely';

CREATE FUNCTION @extschema@.synth_uniform_integer("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL, minimum bigint DEFAULT 0, maximum bigint DEFAULT 1000000, is_unique boolean DEFAULT false)
    RETURNS bigint LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_uniform_integer(bigint, bigint, bigint, bigint, boolean) IS 'Whole number between two bounds, both included, all equally likely';

CREATE FUNCTION @extschema@.synth_unix_time("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL, earliest timestamptz DEFAULT '2016-01-01', latest timestamptz DEFAULT '2026-01-01')
    RETURNS bigint LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_unix_time(bigint, bigint, timestamptz, timestamptz) IS 'Seconds since 1970-01-01 00:00 UTC, of an instant between two';

CREATE FUNCTION @extschema@.synth_upc_a("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL, is_unique boolean DEFAULT false)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_upc_a(bigint, bigint, boolean) IS 'UPC-A (GTIN-12) starting with 4, kept for use within a shop; check digit right';

CREATE FUNCTION @extschema@.synth_url("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL, is_unique boolean DEFAULT false)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_url(bigint, bigint, boolean) IS 'URL with a path, of a host under example.com (RFC 2606)';

CREATE FUNCTION @extschema@.synth_user_agent("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_user_agent(bigint, bigint) IS 'User-Agent of a browser: Chrome, Edge, Firefox or Safari, versions of 2023 to 2025';

CREATE FUNCTION @extschema@.synth_username("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL, locale text DEFAULT 'en_US', is_unique boolean DEFAULT false)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_username(bigint, bigint, text, boolean) IS 'Login name: first name, first letter of the last name and a number; the person of full_name';

CREATE FUNCTION @extschema@.synth_uuid("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL, is_unique boolean DEFAULT false)
    RETURNS uuid LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_uuid(bigint, bigint, boolean) IS 'UUID in the form of version 4';

CREATE FUNCTION @extschema@.synth_uuidv1("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL, is_unique boolean DEFAULT false)
    RETURNS uuid LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_uuidv1(bigint, bigint, boolean) IS 'UUID in the form of version 1, with a random node';

CREATE FUNCTION @extschema@.synth_uuidv3("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL, is_unique boolean DEFAULT false)
    RETURNS uuid LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_uuidv3(bigint, bigint, boolean) IS 'UUID in the form of version 3 (MD5 of a name)';

CREATE FUNCTION @extschema@.synth_uuidv4("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL, is_unique boolean DEFAULT false)
    RETURNS uuid LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_uuidv4(bigint, bigint, boolean) IS 'UUID in the form of version 4 (random)';

CREATE FUNCTION @extschema@.synth_uuidv5("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL, is_unique boolean DEFAULT false)
    RETURNS uuid LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_uuidv5(bigint, bigint, boolean) IS 'UUID in the form of version 5 (SHA-1 of a name)';

CREATE FUNCTION @extschema@.synth_uuidv6("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL, is_unique boolean DEFAULT false)
    RETURNS uuid LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_uuidv6(bigint, bigint, boolean) IS 'UUID in the form of version 6: version 1 in order of time';

CREATE FUNCTION @extschema@.synth_uuidv7("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL, is_unique boolean DEFAULT false)
    RETURNS uuid LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_uuidv7(bigint, bigint, boolean) IS 'UUID in the form of version 7: in order of time, of 2016 to 2025';

CREATE FUNCTION @extschema@.synth_uuidv8("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL, is_unique boolean DEFAULT false)
    RETURNS uuid LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_uuidv8(bigint, bigint, boolean) IS 'UUID in the form of version 8 (free form)';

CREATE FUNCTION @extschema@.synth_valid_status_code("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_valid_status_code(bigint, bigint) IS 'Three-digit HTTP status code, 100 to 599, registered or not';

CREATE FUNCTION @extschema@.synth_vat_number("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL, locale text DEFAULT 'en_US', is_unique boolean DEFAULT false)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_vat_number(bigint, bigint, text, boolean) IS 'Tax number of a company with the right check digits, of a range that is not issued: EIN, VAT number, CNPJ, invoice issuer number, unified social credit code';

CREATE FUNCTION @extschema@.synth_vehicle_make("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_vehicle_make(bigint, bigint) IS 'Make of a car';

CREATE FUNCTION @extschema@.synth_vehicle_model("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL, is_unique boolean DEFAULT false)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_vehicle_model(bigint, bigint, boolean) IS 'Model of a car, of that make';

CREATE FUNCTION @extschema@.synth_vehicle_year("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_vehicle_year(bigint, bigint) IS 'Model year of a car, 2005 to 2026';

CREATE FUNCTION @extschema@.synth_vin("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL, is_unique boolean DEFAULT false)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_vin(bigint, bigint, boolean) IS 'Vehicle identification number starting with 0, which ISO 3780 gives to no country; check digit right';

CREATE FUNCTION @extschema@.synth_weekday("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL, is_unique boolean DEFAULT false)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_weekday(bigint, bigint, boolean) IS 'English name of a day of the week';

CREATE FUNCTION @extschema@.synth_weighted(list jsonb, "row" bigint DEFAULT NULL, seed bigint DEFAULT NULL, is_unique boolean DEFAULT false)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_weighted(jsonb, bigint, bigint, boolean) IS 'One of a list of values, by weight';

CREATE FUNCTION @extschema@.synth_word("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_word(bigint, bigint) IS 'Latin word, in lower case';

CREATE FUNCTION @extschema@.synth_words("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL, minimum bigint DEFAULT 3, maximum bigint DEFAULT 6)
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_words(bigint, bigint, bigint, bigint) IS 'Latin words in lower case, with spaces between them';

CREATE FUNCTION @extschema@.synth_year("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL)
    RETURNS integer LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_year(bigint, bigint) IS 'Year, 1950 to 2025';

CREATE FUNCTION @extschema@.synth_zip("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL, locale text DEFAULT 'en_US')
    RETURNS text LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_zip(bigint, bigint, text) IS 'Postal code that fits city, as postcode';

CREATE FUNCTION @extschema@.synth_zipf("row" bigint DEFAULT NULL, seed bigint DEFAULT NULL, ranks bigint DEFAULT 1000, exponent double precision DEFAULT 1)
    RETURNS bigint LANGUAGE c VOLATILE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'synth_value';
COMMENT ON FUNCTION @extschema@.synth_zipf(bigint, bigint, bigint, double precision) IS 'Rank of a Zipf distribution: few values often, most rarely, as words, cities and customers';

-- Generated from the registry: end

--
-- Filling tables
--

CREATE FUNCTION @extschema@.synth_fill(
    target regclass,
    rows bigint,
    seed bigint DEFAULT NULL,
    overrides jsonb DEFAULT '{}'
) RETURNS bigint
    LANGUAGE c VOLATILE PARALLEL UNSAFE
    AS 'MODULE_PATHNAME', 'synth_fill_wrapper';
COMMENT ON FUNCTION @extschema@.synth_fill(regclass, bigint, bigint, jsonb) IS
    'adds rows that satisfy every constraint of a table; gives how many were written. overrides fixes columns: {"<column>": {"generator": "<name>", "arguments": {}}}, {"values": [...]} or {"null_fraction": 0.2}';

CREATE FUNCTION @extschema@.synth_fill_schema(
    schema text,
    rows bigint,
    seed bigint DEFAULT NULL,
    overrides jsonb DEFAULT '{}',
    OUT table_name text,
    OUT rows_asked bigint,
    OUT rows_written bigint,
    OUT note text
) RETURNS SETOF record
    LANGUAGE c VOLATILE PARALLEL UNSAFE ROWS 50
    AS 'MODULE_PATHNAME', 'synth_fill_schema_wrapper';
COMMENT ON FUNCTION @extschema@.synth_fill_schema(text, bigint, bigint, jsonb) IS
    'fills all tables of a schema in the order of their references; note says why a table took fewer rows. overrides: {"<table>": {"rows": 10, "<column>": {...}}}';

CREATE FUNCTION @extschema@.synth_plan_fill(
    target regclass,
    rows bigint DEFAULT 1000,
    overrides jsonb DEFAULT '{}',
    OUT column_name text,
    OUT data_type text,
    OUT generator text,
    OUT arguments text,
    OUT reason text,
    OUT problem text
) RETURNS SETOF record
    LANGUAGE c VOLATILE PARALLEL UNSAFE ROWS 20
    AS 'MODULE_PATHNAME', 'synth_plan_fill_wrapper';
COMMENT ON FUNCTION @extschema@.synth_plan_fill(regclass, bigint, jsonb) IS
    'what synth_fill would do: the generator of each column and why, and what cannot be met';
